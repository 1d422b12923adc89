package io.sallyport.translation.simulate;

import com.google.re2j.Pattern;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What Envoy does to paths: it brings them to one form before routes see them, and rewrites them after.
final class Paths {

    private static final String UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    private Paths() {}

    static String withoutQuery(String path) {
        int end = path.length();
        int question = path.indexOf('?');
        int hash = path.indexOf('#');
        if (question >= 0) {
            end = question;
        }
        if (hash >= 0 && hash < end) {
            end = hash;
        }
        return path.substring(0, end);
    }

    /// The query and all behind it, with its question mark.
    static String query(String path) {
        return path.substring(withoutQuery(path).length());
    }

    /// `/a/./b/../%63` is `/a/c`: dots are resolved, letters that need no escape are unescaped, backslashes
    /// are slashes. `//` and `%2F` stay. `/a/..;b/c` is `/c`: parameters do not make dots a name, unless a
    /// part is escaped.
    static String normalized(String path) {
        var plain = unescaped(withoutParameters(withoutQuery(path))).replace('\\', '/');
        var kept = new ArrayList<String>();
        var parts = plain.substring(plain.startsWith("/") ? 1 : 0).split("/", -1);
        for (int i = 0; i < parts.length; i++) {
            var last = i == parts.length - 1;
            if (parts[i].equals("..")) {
                if (!kept.isEmpty()) {
                    kept.removeLast();
                }
                addIf(last, "", kept);
            } else if (parts[i].equals(".")) {
                addIf(last, "", kept);
            } else {
                kept.add(parts[i]);
            }
        }
        return "/" + String.join("/", kept) + query(path);
    }

    private static String withoutParameters(String path) {
        var parts = path.split("/", -1);
        for (int i = 1; i < parts.length; i++) {
            if (parts[i].startsWith("..;")) {
                parts[i] = "..";
            } else if (parts[i].startsWith(".;")) {
                parts[i] = ".";
            }
        }
        return String.join("/", parts);
    }

    /// `//a///b` is `/a/b`. The query is left alone.
    static String merged(String path) {
        var query = query(path);
        var out = new StringBuilder();
        for (char c : withoutQuery(path).toCharArray()) {
            if (c != '/' || out.isEmpty() || out.charAt(out.length() - 1) != '/') {
                out.append(c);
            }
        }
        return out + query;
    }

    /// `/a%2Fb%5cc` is `/a/b\\c`. The query is left alone.
    static String withSlashes(String path) {
        var plain = withoutQuery(path);
        var out = new StringBuilder();
        for (int i = 0; i < plain.length(); i++) {
            int code = plain.charAt(i) == '%' ? code(plain, i) : -1;
            boolean isSlash = code == '/' || code == '\\';
            out.append(isSlash ? (char) code : plain.charAt(i));
            i += isSlash ? 2 : 0;
        }
        return out + query(path);
    }

    private static void addIf(boolean condition, String part, List<String> parts) {
        if (condition) {
            parts.add(part);
        }
    }

    private static String unescaped(String path) {
        var out = new StringBuilder();
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            int code = c == '%' ? code(path, i) : -1;
            if (code >= 0 && UNRESERVED.indexOf(code) >= 0) {
                out.append((char) code);
                i += 2;
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    private static int code(String path, int at) {
        if (at + 2 >= path.length()) {
            return -1;
        }
        int high = Character.digit(path.charAt(at + 1), 16);
        int low = Character.digit(path.charAt(at + 2), 16);
        return high < 0 || low < 0 ? -1 : high * 16 + low;
    }

    /// The first value of a parameter of the query, unescaped.
    static Optional<String> queryParameter(String path, String name) {
        var query = query(path);
        if (!query.startsWith("?")) {
            return Optional.empty();
        }
        var end = query.indexOf('#');
        for (var pair : query.substring(1, end < 0 ? query.length() : end).split("&")) {
            int equals = pair.indexOf('=');
            if (decoded(equals < 0 ? pair : pair.substring(0, equals)).equals(name)) {
                return Optional.of(equals < 0 ? "" : decoded(pair.substring(equals + 1)));
            }
        }
        return Optional.empty();
    }

    // A plus sign stays one; an escape that is none stays as it is written.
    private static String decoded(String text) {
        for (int i = text.indexOf('%'); i >= 0; i = text.indexOf('%', i + 1)) {
            if (code(text, i) < 0) {
                return text;
            }
        }
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /// Replaces every place that the pattern finds; `\1` is the first group, `\\` a backslash.
    static String substituted(String path, String regex, String substitution) {
        var matcher = Pattern.compile(regex).matcher(path);
        var out = new StringBuilder();
        int from = 0;
        while (matcher.find()) {
            out.append(path, from, matcher.start());
            for (int i = 0; i < substitution.length(); i++) {
                char c = substitution.charAt(i);
                if (c == '\\' && i + 1 < substitution.length()) {
                    char next = substitution.charAt(++i);
                    if (Character.isDigit(next)) {
                        var group = matcher.group(next - '0');
                        out.append(group == null ? "" : group);
                    } else {
                        out.append(next);
                    }
                } else {
                    out.append(c);
                }
            }
            from = matcher.end();
        }
        return out.append(path.substring(from)).toString();
    }
}
