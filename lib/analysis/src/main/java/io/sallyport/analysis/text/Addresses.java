package io.sallyport.analysis.text;

import com.google.common.base.Ascii;
import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableSet;
import com.google.common.net.InetAddresses;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// IP addresses, networks and Unix sockets, as Istio (that is, Go's `net/netip`) reads them: no octal or hexadecimal
/// octets, no leading zeros. `fe80::1%eth0` is an address; a network may have host bits set.
public final class Addresses {

    /// What a Unix socket's address starts with.
    public static final String UNIX = "unix://";

    private static final String SHORT_FOLDER = "sallyport-";

    private static final ImmutableSet<String> OWN_SOCKETS = ImmutableSet.of("admin.sock", "sds.sock", "relay.sock");

    private static final int FIRST_OWN_PORT = 15_000;
    private static final int LAST_OWN_PORT = 15_099;
    // Thirteen octal digits are more than 32 bits.
    private static final int LONGEST_NUMBER = 13;
    private static final ImmutableSet<String> LOOPBACK_NAMES =
            ImmutableSet.of("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback");
    private static final byte[] LOOPBACK_V6 = InetAddresses.forString("::1").getAddress();

    private static final byte[] AWS_METADATA =
            InetAddresses.forString("fd00:ec2::254").getAddress();
    private static final byte[] COMPATIBLE = new byte[12];
    private static final byte[] MAPPED = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};
    private static final byte[] NAT64 = {0, 0x64, -1, (byte) 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};

    private Addresses() {}

    public static boolean isAddress(String text) {
        return text.indexOf(':') >= 0 ? isV6(text) : isV4(text);
    }

    /// Whether an address lies behind no router, where machines keep their credentials: 169.254.0.0/16, fe80::/10,
    /// such IPv4 inside IPv6 (mapped, compatible, NAT64), and `fd00:ec2::254`, the metadata service of AWS. No
    /// gateway sends there for anybody.
    public static boolean isLinkLocal(String text) {
        if (!isAddress(text)) {
            return false;
        }
        int zone = text.indexOf('%');
        var bytes = InetAddresses.forString(zone < 0 ? text : text.substring(0, zone))
                .getAddress();
        if (bytes.length == 4) {
            return isLinkLocalV4(bytes, 0);
        }
        boolean local = (bytes[0] & 0xff) == 0xfe && (bytes[1] & 0xc0) == 0x80;
        return local
                || Arrays.equals(bytes, AWS_METADATA)
                || ((startsWith(bytes, COMPATIBLE) || startsWith(bytes, MAPPED) || startsWith(bytes, NAT64))
                        && isLinkLocalV4(bytes, 12));
    }

    /// Whether an address is a socket of the file system that belongs to a proxy's own Sallyport, however it
    /// is spelled: Envoy's admin interface, secret discovery, a relay. Who reaches those is the proxy, so no
    /// route leads there.
    public static boolean isOwnSocket(String text) {
        if (!text.startsWith(UNIX)) {
            return false;
        }
        var steps = new ArrayDeque<String>();
        for (var step : Splitter.on('/').omitEmptyStrings().split(text.substring(UNIX.length()))) {
            if (step.equals("..")) {
                steps.pollLast();
            } else if (!step.equals(".")) {
                steps.addLast(step);
            }
        }
        var file = steps.pollLast();
        return file != null
                && (OWN_SOCKETS.contains(file)
                        || steps.contains("sallyport")
                        || steps.contains(".sallyport")
                        || (file.endsWith(".sock") && isSocketFolder(steps.peekLast())));
    }

    /// Whether an address and a port are a door of Sallyport on the proxy's own machine: xDS, secrets, access
    /// logs, APIs, metrics and Envoy's admin interface have ports from 15000 to 15099, as Istio's have. Other
    /// ports of this machine are somebody's backends.
    public static boolean isOwnDoor(String address, long port) {
        return FIRST_OWN_PORT <= port && port <= LAST_OWN_PORT && isLoopback(address);
    }

    /// Whether an address is this machine, however it is spelled: `127.8.9.10`, `0.0.0.0`, `::1`, `[::1]`,
    /// `::ffff:127.0.0.1`, `localhost.`, `a.localhost`, and what old resolvers take for IPv4: `127.1`, `0x7f.1`,
    /// `2130706433`, `0177.0.0.1`.
    public static boolean isLoopback(String text) {
        var plain = text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
        int zone = plain.indexOf('%');
        var address = zone < 0 ? plain : plain.substring(0, zone);
        if (InetAddresses.isInetAddress(address)) {
            return isThisMachine(InetAddresses.forString(address).getAddress());
        }
        var name = CharMatcher.is('.').trimTrailingFrom(Ascii.toLowerCase(address));
        return LOOPBACK_NAMES.contains(name) || name.endsWith(".localhost") || isOldLoopback(name);
    }

    private static boolean isThisMachine(byte[] bytes) {
        if (bytes.length == 4) {
            return bytes[0] == 127 || bytes[0] == 0;
        }
        boolean isOwn = Arrays.equals(bytes, new byte[16]) || Arrays.equals(bytes, LOOPBACK_V6);
        return isOwn
                || ((startsWith(bytes, COMPATIBLE) || startsWith(bytes, MAPPED) || startsWith(bytes, NAT64))
                        && (bytes[12] == 127 || (bytes[12] == 0 && !startsWith(bytes, COMPATIBLE))));
    }

    // As inet_aton(3) reads them: one to four numbers, decimal, octal or hexadecimal, the last of which fills the rest.
    private static boolean isOldLoopback(String text) {
        var parts = Splitter.on('.').splitToList(text);
        if (parts.size() > 4) {
            return false;
        }
        long first = 0;
        for (int i = 0; i < parts.size(); i++) {
            long number = oldNumber(parts.get(i));
            boolean isLast = i == parts.size() - 1;
            if (number < 0 || (!isLast && number > 255) || number >= 1L << (8 * (4 - i))) {
                return false;
            }
            if (i == 0) {
                first = isLast ? number >> 24 : number;
            }
        }
        return first == 127 || first == 0;
    }

    private static long oldNumber(String text) {
        if (text.isEmpty() || text.length() > LONGEST_NUMBER) {
            return -1;
        }
        boolean isHex = text.startsWith("0x");
        int decimalOrOctal = text.startsWith("0") ? 8 : 10;
        int radix = isHex ? 16 : decimalOrOctal;
        var digits = isHex ? text.substring(2) : text;
        long number = digits.isEmpty() ? -1 : 0;
        for (int i = 0; i < digits.length(); i++) {
            int digit = Character.digit(digits.charAt(i), radix);
            if (digit < 0) {
                return -1;
            }
            number = number * radix + digit;
        }
        return number;
    }

    // `admin` of a data folder, or what stands in for it where its path would be too long for a socket.
    private static boolean isSocketFolder(@Nullable String name) {
        return name != null
                && (name.equals("admin")
                        || (name.length() == SHORT_FOLDER.length() + 12
                                && name.startsWith(SHORT_FOLDER)
                                && CharMatcher.anyOf("0123456789abcdef")
                                        .matchesAllOf(name.substring(SHORT_FOLDER.length()))));
    }

    private static boolean isLinkLocalV4(byte[] bytes, int at) {
        return (bytes[at] & 0xff) == 169 && (bytes[at + 1] & 0xff) == 254;
    }

    private static boolean startsWith(byte[] bytes, byte[] start) {
        return Arrays.equals(bytes, 0, start.length, start, 0, start.length);
    }

    /// What is wrong with an address, or a network in CIDR form.
    public static Optional<String> subnetProblem(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            return isAddress(text)
                    ? Optional.empty()
                    : Optional.of(
                            "\"" + text + "\" is no IP address or network (expected: \"10.0.0.0/16\" or \"10.0.0.1\")");
        }
        var address = text.substring(0, slash);
        boolean v6 = address.indexOf(':') >= 0;
        boolean fits = isAddress(address)
                && address.indexOf('%') < 0
                && isPrefixLength(text.substring(slash + 1), v6 ? 128 : 32);
        return fits
                ? Optional.empty()
                : Optional.of(
                        "\"%s\" is no network (expected: an address and a prefix length of 0 to %d, such as \"%s\")"
                                .formatted(text, v6 ? 128 : 32, v6 ? "fd00::/64" : "10.0.0.0/16"));
    }

    /// What is wrong with the address of a Unix socket, without its `unix://`. `@name` is an abstract one.
    public static Optional<String> socketProblem(String path) {
        if (path.startsWith("@")) {
            return Optional.empty();
        }
        return path.startsWith("/") && !path.endsWith("/")
                ? Optional.empty()
                : Optional.of("\"%s%s\" is no socket (expected: \"unix:///absolute/path\" or \"unix://@name\")"
                        .formatted(UNIX, path));
    }

    private static boolean isPrefixLength(String text, int most) {
        if (text.isEmpty() || text.length() > 3 || (text.length() > 1 && text.charAt(0) == '0')) {
            return false;
        }
        return text.chars().allMatch(c -> c >= '0' && c <= '9') && Integer.parseInt(text) <= most;
    }

    private static boolean isV4(String text) {
        var octets = text.split("\\.", -1);
        if (octets.length != 4) {
            return false;
        }
        for (var octet : octets) {
            boolean plain = !octet.isEmpty()
                    && octet.length() <= 3
                    && octet.chars().allMatch(c -> c >= '0' && c <= '9')
                    && (octet.length() == 1 || octet.charAt(0) != '0');
            if (!plain || Integer.parseInt(octet) > 255) {
                return false;
            }
        }
        return true;
    }

    private static boolean isV6(String text) {
        int percent = text.indexOf('%');
        if (percent == text.length() - 1) {
            return false;
        }
        var address = percent < 0 ? text : text.substring(0, percent);
        int gap = address.indexOf("::");
        if (gap < 0) {
            return groups(address, true) == 8;
        }
        var front = address.substring(0, gap);
        var back = address.substring(gap + 2);
        if (back.startsWith(":") || back.contains("::")) {
            return false;
        }
        int ahead = front.isEmpty() ? 0 : groups(front, false);
        int behind = back.isEmpty() ? 0 : groups(back, true);
        return ahead >= 0 && behind >= 0 && ahead + behind < 8;
    }

    // How many 16-bit groups the text spells; -1 when it is none. The last one may be a dotted IPv4 address.
    private static int groups(String text, boolean mayEndInV4) {
        var parts = text.split(":", -1);
        int count = 0;
        for (int i = 0; i < parts.length; i++) {
            if (mayEndInV4 && i == parts.length - 1 && parts[i].indexOf('.') >= 0) {
                return isV4(parts[i]) ? count + 2 : -1;
            }
            if (parts[i].isEmpty()
                    || parts[i].length() > 4
                    || !parts[i].chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 128)) {
                return -1;
            }
            count++;
        }
        return count;
    }
}
