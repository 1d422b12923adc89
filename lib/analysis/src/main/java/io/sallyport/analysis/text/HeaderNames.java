package io.sallyport.analysis.text;

import com.google.common.collect.ImmutableSet;
import java.util.Locale;
import java.util.Optional;

/// Names of HTTP headers, by what is done with them. Source: Istio's `pkg/config/validation`.
public final class HeaderNames {

    private static final int LONGEST = 256;
    private static final ImmutableSet<String> FRAMING = ImmutableSet.of(
            "connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding");
    private static final ImmutableSet<String> PSEUDO =
            ImmutableSet.of(":method", ":scheme", ":authority", ":path", ":status");
    private static final String SIGNS = "!#$%&'*+-.^_`|~";

    private HeaderNames() {}

    /// A name of letters, digits and `-`, as probes and claims that become headers need it.
    public static boolean isPlain(String name) {
        return !name.isEmpty() && name.chars().allMatch(c -> isLetterOrDigit(c) || c == '-');
    }

    /// A name that HTTP allows (RFC 9110: a token), as CORS needs it.
    public static boolean isToken(String name) {
        return !name.isEmpty() && name.chars().allMatch(c -> isLetterOrDigit(c) || SIGNS.indexOf(c) >= 0);
    }

    /// A name that a match may ask for: HTTP's own, or one of HTTP/2's pseudo-headers.
    public static boolean isMatchable(String name) {
        return PSEUDO.contains(name) || isToken(name);
    }

    private static boolean isLetterOrDigit(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }

    /// A claim of a JWT in place of a header: `@request.auth.claims.group` or `@request.auth.claims[group]`.
    public static boolean isClaim(String name) {
        var prefix = "@request.auth.claims";
        if (!name.regionMatches(true, 0, prefix, 0, prefix.length())) {
            return false;
        }
        var rest = name.substring(prefix.length());
        return (rest.startsWith(".") && rest.length() > 1)
                || (rest.startsWith("[") && rest.endsWith("]") && rest.length() > 2);
    }

    /// `:authority` or `host`, which rewrite where a request goes.
    public static boolean isAuthority(String name) {
        return name.equalsIgnoreCase(":authority") || name.equalsIgnoreCase("host");
    }

    /// Says where a message ends, or belongs to one connection: each proxy writes its own. One that
    /// contradicts the body lets the next server read two requests where there is one.
    public static boolean isFraming(String name) {
        return FRAMING.contains(name.toLowerCase(Locale.ROOT));
    }

    /// What is wrong with setting or adding a request header.
    public static Optional<String> requestProblem(String name) {
        if (name.isEmpty()) {
            return Optional.of("header name is empty (expected: a name such as \"x-user\")");
        }
        return name.startsWith(":") && !isAuthority(name) ? Optional.of(pseudo(name)) : Optional.empty();
    }

    /// What is wrong with removing a header, or changing one of a response.
    public static Optional<String> responseProblem(String name) {
        if (name.isEmpty()) {
            return Optional.of("header name is empty (expected: a name such as \"x-user\")");
        }
        if (name.equalsIgnoreCase("host")) {
            return Optional.of(
                    "header \"%s\" (expected: another one; Host can only be set on requests)".formatted(name));
        }
        return name.startsWith(":") ? Optional.of(pseudo(name)) : Optional.empty();
    }

    /// What makes a name none of HTTP's (RFC 9110: a token), or longer than anybody means it.
    public static Optional<String> tokenProblem(String name) {
        if (name.length() > LONGEST) {
            return Optional.of("header name of %d characters (expected: at most %d)".formatted(name.length(), LONGEST));
        }
        return isToken(name)
                ? Optional.empty()
                : Optional.of("header \"%s\" (expected: letters, digits, \"-\" and \"_\")".formatted(name));
    }

    private static String pseudo(String name) {
        return "header \"%s\" (expected: a name without \":\" in front)".formatted(name);
    }
}
