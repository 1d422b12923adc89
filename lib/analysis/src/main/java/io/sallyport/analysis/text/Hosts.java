package io.sallyport.analysis.text;

import java.net.IDN;
import java.util.List;
import java.util.Optional;

/// Host names as Istio judges them, and how two of them relate.
///
/// A label may have capitals (Istio lower-cases them); a name may end in a dot; its last label may not be all digits.
/// `*` stands for the front of the first label: `*.foo.com`, `*-a.foo.com`, `*foo.com`. Source: Istio's
/// `pkg/config/validation/agent` and `pkg/config/host`.
public final class Hosts {

    private static final int LONGEST_NAME = 255;
    private static final int LONGEST_LABEL = 63;

    private Hosts() {}

    /// A DNS label: letters, digits and dashes, no dash at either end, at most 63 characters.
    public static boolean isLabel(String text) {
        if (text.isEmpty() || text.length() > LONGEST_LABEL) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (!isLetterOrDigit(text.charAt(i)) && text.charAt(i) != '-') {
                return false;
            }
        }
        return text.charAt(0) != '-' && text.charAt(text.length() - 1) != '-';
    }

    /// What is wrong with a name without wildcards.
    public static Optional<String> nameProblem(String name) {
        var problem = lengthProblem(name);
        return problem.isPresent() ? problem : labelsProblem(name, name);
    }

    /// What is wrong with a name that may start with a wildcard.
    public static Optional<String> wildcardProblem(String name) {
        var problem = lengthProblem(name);
        if (problem.isPresent()) {
            return problem;
        }
        int dot = name.indexOf('.');
        var first = dot < 0 ? name : name.substring(0, dot);
        if (!isWildcardLabel(first)) {
            return Optional.of(labelProblem(name, first));
        }
        return dot < 0 ? Optional.empty() : labelsProblem(name, name.substring(dot + 1));
    }

    /// What is wrong with a host of a VirtualService that only gateways serve. With `sni`, names that Istio
    /// makes up for `AUTO_PASSTHROUGH` are fine too: `outbound_.80_._.shop.test`.
    public static Optional<String> gatewayBoundProblem(String name, boolean sni) {
        if (!sni || !name.startsWith("outbound_")) {
            return wildcardProblem(name);
        }
        var parts = name.split("_", -1);
        boolean fits = (name.length() > 10 && name.charAt(9) == '.' && Character.isDigit(name.charAt(10)))
                || (parts.length >= 4
                        && parts[1].chars().anyMatch(Character::isDigit)
                        && parts[3].chars().anyMatch(c -> c < 128 && Character.isLetter(c)));
        return fits
                ? Optional.empty()
                : Optional.of("host \"" + name + "\" is no SNI name (expected: outbound_.<port>_._.<host>)");
    }

    /// A wildcard that is neither `*` nor the whole first label: `*foo.com`.
    public static boolean isPartialWildcard(String host) {
        return host.contains("*") && host.length() != 1 && !host.startsWith("*.");
    }

    public static boolean isWildcard(String host) {
        return host.startsWith("*");
    }

    /// Whether some name fits both. `*.foo.com` covers `a.b.foo.com`, and not `foo.com`.
    public static boolean overlap(String left, String right) {
        if (isWildcard(left) && isWildcard(right)) {
            var a = left.substring(1);
            var b = right.substring(1);
            return a.endsWith(b) || b.endsWith(a);
        }
        if (isWildcard(left)) {
            return right.endsWith(left.substring(1));
        }
        return isWildcard(right) ? left.endsWith(right.substring(1)) : left.equals(right);
    }

    /// Whether every name that fits `inner` fits `outer`.
    public static boolean covers(String outer, String inner) {
        if (!isWildcard(outer)) {
            return outer.equals(inner);
        }
        var suffix = outer.substring(1);
        if (!isWildcard(inner)) {
            return inner.endsWith(suffix);
        }
        return inner.length() >= outer.length() && inner.substring(1).endsWith(suffix);
    }

    /// The full name of a host written in `namespace`: a short name belongs to the object's namespace.
    public static String fullName(String host, String namespace) {
        return host.contains(".") || host.equals("*") || Addresses.isAddress(host)
                ? host
                : host + "." + namespace + ".svc.cluster.local";
    }

    /// The nearest of some names, if one is near enough to be what was meant.
    public static Optional<String> nearest(String wanted, List<String> names) {
        int bound = Math.max(1, wanted.length() / 4);
        String best = null;
        int least = bound + 1;
        for (var name : names) {
            if (Math.abs(name.length() - wanted.length()) < least) {
                int distance = distance(wanted, name, least);
                if (distance < least) {
                    least = distance;
                    best = name;
                }
            }
        }
        return Optional.ofNullable(best);
    }

    private static Optional<String> lengthProblem(String name) {
        if (name.isEmpty()) {
            return Optional.of("host is empty (expected: a name such as \"shop.example.com\")");
        }
        return name.length() > LONGEST_NAME
                ? Optional.of("host \"%s…\" has %d characters (expected: at most 255)"
                        .formatted(name.substring(0, 40), name.length()))
                : Optional.empty();
    }

    private static Optional<String> labelsProblem(String whole, String name) {
        var labels = name.split("\\.", -1);
        var last = labels[labels.length - 1];
        if (isInteger(last)) {
            return Optional.of("host \"%s\" ends in the number %s (expected: a name; or an IP address in full)"
                    .formatted(whole, last));
        }
        for (int i = 0; i < labels.length; i++) {
            boolean trailingDot = i == labels.length - 1 && labels[i].isEmpty();
            if (!trailingDot && !isLabel(labels[i])) {
                return Optional.of(labelProblem(whole, labels[i]));
            }
        }
        return Optional.empty();
    }

    private static String labelProblem(String whole, String label) {
        if (label.chars().anyMatch(c -> c > 127)) {
            return "host \"%s\" is not ASCII (expected: %s)".formatted(whole, ascii(whole));
        }
        return "host \"%s\" is no DNS name: \"%s\" (expected: letters, digits and dashes between dots; a wildcard only in front)"
                .formatted(whole, label);
    }

    // The form that DNS and TLS use for such a name, to be copied from the message.
    private static String ascii(String name) {
        try {
            return '"' + IDN.toASCII(name, IDN.USE_STD3_ASCII_RULES) + '"';
        } catch (IllegalArgumentException e) {
            return "letters, digits and dashes between dots";
        }
    }

    private static boolean isWildcardLabel(String label) {
        if (label.length() > LONGEST_LABEL) {
            return false;
        }
        if (label.equals("*") || isLabel(label)) {
            return true;
        }
        return label.startsWith("*-")
                ? isLabel(label.substring(2))
                : label.startsWith("*") && isLabel(label.substring(1));
    }

    private static boolean isInteger(String text) {
        var digits = text.startsWith("-") || text.startsWith("+") ? text.substring(1) : text;
        return !digits.isEmpty() && digits.length() < 19 && digits.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private static boolean isLetterOrDigit(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }

    // Levenshtein with a bound: rows stop counting where the answer can no longer be below it.
    private static int distance(String left, String right, int bound) {
        var previous = new int[right.length() + 1];
        for (int j = 0; j <= right.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= left.length(); i++) {
            var current = new int[right.length() + 1];
            current[0] = i;
            int least = i;
            for (int j = 1; j <= right.length(); j++) {
                int change = left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1;
                current[j] = Math.min(Math.min(current[j - 1], previous[j]) + 1, previous[j - 1] + change);
                least = Math.min(least, current[j]);
            }
            if (least >= bound) {
                return bound;
            }
            previous = current;
        }
        return previous[right.length()];
    }
}
