package io.sallyport.analysis.text;

import com.google.common.collect.ImmutableSet;
import java.util.stream.Stream;

/// Names of cipher suites for TLS 1.2 and older, as BoringSSL and so Envoy knows them. One unknown name among several
/// makes Envoy refuse the listener as a whole, so what is not accepted here is left out, and the user is warned.
public final class CipherSuites {

    private static final ImmutableSet<String> KNOWN = ImmutableSet.of(
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES256-GCM-SHA384",
            "ECDHE-ECDSA-CHACHA20-POLY1305",
            "ECDHE-RSA-CHACHA20-POLY1305",
            "ECDHE-PSK-CHACHA20-POLY1305",
            "ECDHE-ECDSA-AES128-SHA",
            "ECDHE-RSA-AES128-SHA",
            "ECDHE-PSK-AES128-CBC-SHA",
            "ECDHE-ECDSA-AES256-SHA",
            "ECDHE-RSA-AES256-SHA",
            "ECDHE-PSK-AES256-CBC-SHA",
            "AES128-GCM-SHA256",
            "AES256-GCM-SHA384",
            "AES128-SHA",
            "AES256-SHA",
            "PSK-AES128-CBC-SHA",
            "PSK-AES256-CBC-SHA",
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
}
