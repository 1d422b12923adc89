package io.sallyport.analysis.text;

import com.google.common.io.BaseEncoding;

/// Fingerprints of client certificates, in the forms that Envoy takes. Istio passes on any text, and Envoy refuses the
/// whole listener for one that it cannot decode. (Envoy: `verify_certificate_spki` and `verify_certificate_hash` of
/// `CertificateValidationContext`.)
public final class Pins {

    /// A key that no certificate has: it keeps a server closed that pins nothing which could be compared.
    public static final String NOBODY = BaseEncoding.base64().encode(new byte[32]);

    private static final int BASE64 = 44;
    private static final int HEX = 64;
    private static final int HEX_WITH_COLONS = 95;

    private Pins() {}

    /// SHA-256 of a public key, in base64: 44 characters.
    public static boolean isKeyPin(String text) {
        return text.length() == BASE64
                && BaseEncoding.base64().canDecode(text)
                && text.endsWith("=")
                && !text.endsWith("==");
    }

    /// SHA-256 of a certificate, in hexadecimal: 64 digits, or 95 characters with a colon after every second digit.
    public static boolean isCertificatePin(String text) {
        if (text.length() == HEX) {
            return isHex(text);
        }
        // Envoy takes the colons out wherever they stand.
        return text.length() == HEX_WITH_COLONS
                && text.replace(":", "").length() == HEX
                && isHex(text.replace(":", ""));
    }

    private static boolean isHex(String text) {
        return text.chars().allMatch(c -> c < 128 && Character.digit(c, 16) >= 0);
    }
}
