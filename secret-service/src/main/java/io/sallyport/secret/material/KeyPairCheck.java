package io.sallyport.secret.material;

import java.io.IOException;
import java.math.BigInteger;
import java.util.Map;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.ec.CustomNamedCurves;

/// Says whether a key is of a kind that Envoy serves, and whether it belongs to a certificate. Sizes and curves are
/// checked before any arithmetic, so a hostile key costs nothing.
final class KeyPairCheck {

    private static final int MIN_RSA_BITS = 2048;
    private static final int MAX_RSA_BITS = 8192;

    private static final Map<ASN1ObjectIdentifier, String> CURVES = Map.of(
            SECObjectIdentifiers.secp256r1, "P-256",
            SECObjectIdentifiers.secp384r1, "P-384",
            SECObjectIdentifiers.secp521r1, "P-521");

    private KeyPairCheck() {}

    static boolean belongs(PrivateKeyInfo key, SubjectPublicKeyInfo certificate) throws UnusableException {
        var algorithm = key.getPrivateKeyAlgorithm();
        checkAlgorithm("key", algorithm);
        if (!algorithm.getAlgorithm().equals(certificate.getAlgorithm().getAlgorithm())) {
            return false;
        }
        try {
            return isRsa(algorithm) ? rsaBelongs(key, certificate) : ecBelongs(key, certificate);
        } catch (IOException | IllegalArgumentException | ArithmeticException broken) {
            throw new UnusableException("key cannot be read");
        }
    }

    /// Refuses what Envoy's TLS library does not serve, or what is too weak to be served.
    static void checkPublicKey(String what, SubjectPublicKeyInfo publicKey) throws UnusableException {
        checkAlgorithm(what, publicKey.getAlgorithm());
        if (isRsa(publicKey.getAlgorithm())) {
            try {
                var rsa = RSAPublicKey.getInstance(publicKey.parsePublicKey());
                checkRsa(what, rsa.getModulus(), rsa.getPublicExponent());
            } catch (IOException | IllegalArgumentException broken) {
                throw new UnusableException(what + " has an RSA key that cannot be read");
            }
        }
    }

    private static void checkAlgorithm(String what, AlgorithmIdentifier algorithm) throws UnusableException {
        if (isRsa(algorithm)) {
            return;
        }
        if (!algorithm.getAlgorithm().equals(X9ObjectIdentifiers.id_ecPublicKey)) {
            throw new UnusableException("%s has algorithm %s (expected: RSA, or ECDSA on P-256, P-384 or P-521)"
                    .formatted(what, algorithm.getAlgorithm()));
        }
        if (!(algorithm.getParameters() instanceof ASN1ObjectIdentifier curve) || !CURVES.containsKey(curve)) {
            throw new UnusableException(what
                    + " has an elliptic curve that Envoy does not serve (expected: P-256, P-384 or P-521 by name)");
        }
    }

    private static boolean isRsa(AlgorithmIdentifier algorithm) {
        return algorithm.getAlgorithm().equals(PKCSObjectIdentifiers.rsaEncryption);
    }

    private static void checkRsa(String what, BigInteger modulus, BigInteger exponent) throws UnusableException {
        var bits = modulus.bitLength();
        if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
            throw new UnusableException("%s has an RSA key of %d bits (expected: %d to %d)"
                    .formatted(what, bits, MIN_RSA_BITS, MAX_RSA_BITS));
        }
        if (!modulus.testBit(0) || exponent.compareTo(BigInteger.TWO) <= 0 || !exponent.testBit(0)) {
            throw new UnusableException(what + " has an RSA key with a nonsensical modulus or exponent");
        }
    }

    private static boolean rsaBelongs(PrivateKeyInfo key, SubjectPublicKeyInfo certificate)
            throws IOException, UnusableException {
        var secret = RSAPrivateKey.getInstance(key.parsePrivateKey());
        var open = RSAPublicKey.getInstance(certificate.parsePublicKey());
        checkRsa("key", secret.getModulus(), secret.getPublicExponent());
        return secret.getModulus().equals(open.getModulus())
                && secret.getPublicExponent().equals(open.getPublicExponent());
    }

    private static boolean ecBelongs(PrivateKeyInfo key, SubjectPublicKeyInfo certificate) throws IOException {
        var curveName = (ASN1ObjectIdentifier) key.getPrivateKeyAlgorithm().getParameters();
        if (!curveName.equals(certificate.getAlgorithm().getParameters())) {
            return false;
        }
        var curve = CustomNamedCurves.getByOID(curveName);
        var scalar = ECPrivateKey.getInstance(key.parsePrivateKey()).getKey();
        if (scalar.signum() <= 0 || scalar.compareTo(curve.getN()) >= 0) {
            return false;
        }
        var point = curve.getCurve().decodePoint(certificate.getPublicKeyData().getBytes());
        return curve.getG().multiply(scalar).normalize().equals(point.normalize());
    }
}
