package io.sallyport.secret.store;

import java.util.Comparator;
import java.util.regex.Pattern;

/// Names one secret: `istio-system/shop-cert`. Both parts are DNS names before they touch a path or a message.
public record SecretName(String namespace, String name) implements Comparable<SecretName> {

    private static final Comparator<SecretName> ORDER =
            Comparator.comparing(SecretName::namespace).thenComparing(SecretName::name);
    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
    private static final Pattern SUBDOMAIN = Pattern.compile("[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?");

    public SecretName {
        if (!isNamespace(namespace)) {
            throw new IllegalArgumentException("namespace: \"%s\" (expected: a DNS label)".formatted(namespace));
        }
        if (!isName(name)) {
            throw new IllegalArgumentException("name: \"%s\" (expected: a DNS name in lower case)".formatted(name));
        }
    }

    public static boolean isNamespace(String text) {
        return LABEL.matcher(text).matches();
    }

    public static boolean isName(String text) {
        return SUBDOMAIN.matcher(text).matches() && !text.contains("..");
    }

    @Override
    public int compareTo(SecretName other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return namespace + "/" + name;
    }
}
