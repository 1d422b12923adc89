package io.sallyport.analysis.text;

import com.google.common.collect.ImmutableSet;
import java.util.stream.Stream;

/// Names of cipher suites for TLS 1.2 and older, as BoringSSL and so Envoy knows them, without those for keys shared
/// beforehand, which no Gateway has. One unknown name among several
/// makes Envoy refuse the listener as a whole, so what is not accepted here is left out, and the user is warned.
public final class CipherSuites {

    private static final ImmutableSet<String> KNOWN = ImmutableSet.of(
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES256-GCM-SHA384",
            "ECDHE-ECDSA-CHACHA20-POLY1305",
            "ECDHE-RSA-CHACHA20-POLY1305",
            "ECDHE-ECDSA-AES128-SHA",
            "ECDHE-RSA-AES128-SHA",
            "ECDHE-ECDSA-AES256-SHA",
            "ECDHE-RSA-AES256-SHA",
            "AES128-GCM-SHA256",
            "AES256-GCM-SHA384",
            "AES128-SHA",
            "AES256-SHA",
            "DES-CBC3-SHA");

    private CipherSuites() {}

    /// Whether a word of a cipher list is one that Envoy takes: a name, `ALL`, or names of equal rank as `[A|B]`.
    public static boolean accepts(String word) {
        if (word.startsWith("[") && word.endsWith("]")) {
            return Stream.of(word.substring(1, word.length() - 1).split("\\|", -1))
                    .allMatch(KNOWN::contains);
        }
        return word.equals("ALL") || KNOWN.contains(word);
    }

    /// A command to the TLS library rather than a name, `-ALL` or `@STRENGTH`. Istio's admission passes it on unread,
    /// and Envoy refuses it.
    public static boolean isExpression(String word) {
        return word.isEmpty() || "-+!@".indexOf(word.charAt(0)) >= 0;
    }
}
