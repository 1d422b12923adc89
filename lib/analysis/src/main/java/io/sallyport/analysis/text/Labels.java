package io.sallyport.analysis.text;

import java.util.Optional;

/// Kubernetes labels, as Istio checks them on selectors, subsets and endpoints.
public final class Labels {

    private static final int LONGEST = 63;
    private static final int LONGEST_PREFIX = 253;

    private Labels() {}

    /// What is wrong with one label.
    public static Optional<String> problem(String key, String value) {
        if (!isKey(key)) {
            return Optional.of(
                    "label key \"%s\" (expected: letters, digits, \"-\", \"_\" and \".\", at most 63, after an optional \"domain/\")"
                            .formatted(key));
        }
        if (!value.isEmpty() && (value.length() > LONGEST || !isName(value))) {
            return Optional.of("label value \"%s\" (expected: at most 63 letters, digits, \"-\", \"_\" and \".\")"
                    .formatted(value));
        }
        return Optional.empty();
    }

    /// A name with an optional DNS prefix: `kubernetes.io/h2c`, `http`.
    public static boolean isQualifiedName(String text) {
        return isKey(text);
    }

    private static boolean isKey(String key) {
        int slash = key.lastIndexOf('/');
        if (slash < 0) {
            return key.length() <= LONGEST && isName(key);
        }
        var prefix = key.substring(0, slash);
        var name = key.substring(slash + 1);
        if (prefix.length() > LONGEST_PREFIX || name.length() > LONGEST || !isName(name)) {
            return false;
        }
        for (var label : prefix.split("\\.", -1)) {
            // Length is not checked for one label of the prefix, only for all of it.
            if (label.isEmpty() || !isName(label) || label.indexOf('_') >= 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean isName(String text) {
        if (text.isEmpty() || !isLetterOrDigit(text.charAt(0)) || !isLetterOrDigit(text.charAt(text.length() - 1))) {
            return false;
        }
        return text.chars().allMatch(c -> isLetterOrDigit((char) c) || c == '-' || c == '_' || c == '.');
    }

    private static boolean isLetterOrDigit(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }
}
