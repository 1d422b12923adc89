package io.sallyport.translation.validation;

import com.google.common.collect.ImmutableSet;
import java.util.Locale;
import java.util.Optional;

/// Envoy's substitution format in header values and bodies: `%DOWNSTREAM_REMOTE_ADDRESS%`, `%REQ(x-id):32%`, and `%%`
/// for a percent sign.
///
/// Only commands of a list pass, and none that reads the gateway's environment, its files or a credential: Envoy would
/// answer `%ENVIRONMENT(SECRET)%` with the secret. A text that does not parse makes Envoy refuse the whole resource.
public final class SubstitutionFormat {

    private static final ImmutableSet<String> COMMANDS = ImmutableSet.of(
            "BYTES_RECEIVED",
            "BYTES_SENT",
            "CONNECTION_ID",
            "DOWNSTREAM_DIRECT_REMOTE_ADDRESS",
            "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT",
            "DOWNSTREAM_LOCAL_ADDRESS",
            "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
            "DOWNSTREAM_LOCAL_PORT",
            "DOWNSTREAM_LOCAL_URI_SAN",
            "DOWNSTREAM_PEER_CERT_V_END",
            "DOWNSTREAM_PEER_CERT_V_START",
            "DOWNSTREAM_PEER_FINGERPRINT_256",
            "DOWNSTREAM_PEER_ISSUER",
            "DOWNSTREAM_PEER_SERIAL",
            "DOWNSTREAM_PEER_SUBJECT",
            "DOWNSTREAM_PEER_URI_SAN",
            "DOWNSTREAM_REMOTE_ADDRESS",
            "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
            "DOWNSTREAM_REMOTE_PORT",
            "DOWNSTREAM_TLS_CIPHER",
            "DOWNSTREAM_TLS_SESSION_ID",
            "DOWNSTREAM_TLS_VERSION",
            "DURATION",
            "PROTOCOL",
            "REQ",
            "FILTER_CHAIN_NAME",
            "REQUESTED_SERVER_NAME",
            "RESP",
            "RESPONSE_CODE",
            "RESPONSE_CODE_DETAILS",
            "RESPONSE_FLAGS",
            "ROUTE_NAME",
            "START_TIME",
            "STREAM_ID",
            "UPSTREAM_CLUSTER",
            "UPSTREAM_HOST",
            "UPSTREAM_REMOTE_ADDRESS",
            "VIRTUAL_CLUSTER_NAME");

    private static final ImmutableSet<String> CREDENTIALS =
            ImmutableSet.of("authorization", "cookie", "proxy-authorization", "set-cookie");

    private static final int MAX_LENGTH_BOUND = 65_535;

    private SubstitutionFormat() {}

    /// The format that yields `text` as it is: each percent sign doubled.
    public static String literal(String text) {
        return text.replace("%", "%%");
    }

    /// What is wrong with a format, if anything.
    public static Optional<String> problem(String format) {
        int at = format.indexOf('%');
        while (at >= 0) {
            if (at + 1 < format.length() && format.charAt(at + 1) == '%') {
                at = format.indexOf('%', at + 2);
                continue;
            }
            int end = end(format, at + 1);
            if (end < 0) {
                return Optional.of("has an open command in \"" + format + "\" (expected: \"%%\" for a percent sign)");
            }
            var problem = commandProblem(format.substring(at + 1, end));
            if (problem.isPresent()) {
                return problem;
            }
            at = format.indexOf('%', end + 1);
        }
        return Optional.empty();
    }

    // The closing sign: percent signs inside of parentheses belong to the argument.
    private static int end(String format, int from) {
        int i = from;
        while (i < format.length() && isCommand(format.charAt(i))) {
            i++;
        }
        if (i < format.length() && format.charAt(i) == '(') {
            i = format.indexOf(')', i);
            if (i < 0) {
                return -1;
            }
        }
        return format.indexOf('%', i);
    }

    private static boolean isCommand(char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    }

    private static Optional<String> commandProblem(String text) {
        int i = 0;
        while (i < text.length() && isCommand(text.charAt(i))) {
            i++;
        }
        var name = text.substring(0, i);
        if (!COMMANDS.contains(name)) {
            return Optional.of("has the command \"%" + text + "%\" (expected: a command that is allowed)");
        }
        var argument = "";
        if (i < text.length() && text.charAt(i) == '(') {
            int close = text.indexOf(')', i);
            argument = text.substring(i + 1, close);
            i = close + 1;
        }
        if (!isBound(text.substring(i))) {
            return Optional.of(
                    "has the command \"%" + text + "%\" (expected: \":\" and a length at its end, if anything)");
        }
        return argumentProblem(name, argument, text);
    }

    private static boolean isBound(String rest) {
        if (rest.isEmpty()) {
            return true;
        }
        return rest.length() <= 6
                && rest.length() > 1
                && rest.charAt(0) == ':'
                && rest.chars().skip(1).allMatch(c -> c >= '0' && c <= '9')
                && Integer.parseInt(rest.substring(1)) <= MAX_LENGTH_BOUND;
    }

    private static Optional<String> argumentProblem(String name, String argument, String text) {
        var takesHeader = name.equals("REQ") || name.equals("RESP");
        if (takesHeader) {
            for (var header : argument.split("\\?", -1)) {
                if (CREDENTIALS.contains(header.toLowerCase(Locale.ROOT))) {
                    return Optional.of("has the command \"%" + text + "%\" (expected: no credentials)");
                }
                if (header.isEmpty() || header.chars().anyMatch(c -> c <= ' ' || c >= 0x7F)) {
                    return Optional.of("has the command \"%" + text + "%\" (expected: a header name)");
                }
            }
        } else if (!argument.isEmpty() && (!name.equals("START_TIME") || argument.length() > 128)) {
            return Optional.of("has the command \"%" + text + "%\" (expected: no argument)");
        }
        return Optional.empty();
    }
}
