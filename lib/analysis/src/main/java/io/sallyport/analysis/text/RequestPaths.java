package io.sallyport.analysis.text;

import java.util.Optional;

/// Paths as routes see them, that is, after Envoy's normalisation, which is always on: without query and fragment,
/// dots resolved, `\` made `/`, and escapes of plain letters undone. `//` is not merged and `%2F` stays as it is.
public final class RequestPaths {

    private static final String UNRESERVED_SIGNS = "-._~";

    private static final String OTHER_HOST = "is read as another host by many clients";

    private RequestPaths() {}

    /// Why no request can ever have the path.
    public static Optional<String> whyNeverEqual(String path) {
        return path.equals("*") ? Optional.empty() : whyNever(path, false);
    }

    /// Why no request's path can ever start so. The last segment may go on: `/a/.` is the start of `/a/.env`.
    public static Optional<String> whyNeverPrefix(String prefix) {
        return prefix.isEmpty() ? Optional.empty() : whyNever(prefix, true);
    }

    private static Optional<String> whyNever(String path, boolean goesOn) {
        if (!path.startsWith("/")) {
            return Optional.of("every path starts with \"/\"");
        }
        for (int i = 0; i < path.length(); i++) {
            var why = whyNever(path, i);
            if (why.isPresent()) {
                return why;
            }
        }
        return hasDots(path, goesOn)
                ? Optional.of("\".\" and \"..\" are resolved before a request is compared")
                : Optional.empty();
    }

    private static Optional<String> whyNever(String path, int at) {
        char c = path.charAt(at);
        if (c == '?') {
            return Optional.of("the query is cut off before a request is compared; see queryParams");
        }
        if (c == '#') {
            return Optional.of("requests with a fragment are refused");
        }
        if (c == '\\') {
            return Optional.of("\"\\\" is made \"/\" before a request is compared");
        }
        if (c <= ' ' || c == 0x7f) {
            return Optional.of("no request has a %s in its path".formatted(c == ' ' ? "space" : "control character"));
        }
        if (c > 0x7f) {
            return Optional.of("requests with raw letters beyond ASCII are refused");
        }
        if (c == '%' && at + 2 < path.length()) {
            int high = Character.digit(path.charAt(at + 1), 16);
            int low = Character.digit(path.charAt(at + 2), 16);
            if (high == 0 && low == 0) {
                return Optional.of("requests with %00 are refused");
            }
            if (high >= 0 && low >= 0 && isUnreserved((char) (high * 16 + low))) {
                return Optional.of("%s is made \"%c\" before a request is compared"
                        .formatted(path.substring(at, at + 3), (char) (high * 16 + low)));
            }
        }
        return Optional.empty();
    }

    /// Whether a segment is `.` or `..`, by escapes too.
    ///
    /// @param goesOn whether more may follow the text, so that its last segment is no whole one
    public static boolean hasDots(String path, boolean goesOn) {
        var segments = path.split("/", -1);
        for (int i = 0; i < segments.length - (goesOn ? 1 : 0); i++) {
            var plain = segments[i].replace("%2e", ".").replace("%2E", ".");
            if (plain.equals(".") || plain.equals("..")) {
                return true;
            }
        }
        return false;
    }

    /// What a path that is sent on, or back, should not look like.
    public static Optional<String> shapeProblem(String path) {
        if (!path.startsWith("/")) {
            return Optional.of("is no path and becomes part of what stands before it");
        }
        return path.startsWith("/\\") ? Optional.of(OTHER_HOST) : fragmentProblem(path);
    }

    /// The same for a text that may be put into the middle of a path.
    public static Optional<String> fragmentProblem(String path) {
        if (path.startsWith("//")) {
            return Optional.of(OTHER_HOST);
        }
        if (path.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
            return Optional.of("has a control character");
        }
        int query = path.indexOf('?');
        return hasDots(query < 0 ? path : path.substring(0, query), false)
                ? Optional.of("has a segment \".\" or \"..\", which is not resolved again")
                : Optional.empty();
    }

    private static boolean isUnreserved(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || UNRESERVED_SIGNS.indexOf(c) >= 0;
    }
}
