package io.sallyport.secret.material;

import com.google.common.net.InetAddresses;
import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemWriter;
import org.jspecify.annotations.Nullable;

/// Reads the entries of one secret and judges each half alone. A generic secret's `cert` and `key` come before
/// `tls.crt` and `tls.key` (T8); the trust bundle is `cacert`, else `ca.crt`, with `crl` or `ca.crl` beside it (T7).
///
/// What passes is re-encoded canonically, so Envoy's parser only sees text that we wrote.
public final class SecretReader {

    private static final int MAX_CHAIN = 10;
    private static final int MAX_NAMES = 1000;
    private static final int MAX_ROOTS = 1000;
    private static final Duration SOON = Duration.ofDays(15);

    private SecretReader() {}

    /// The key pair of a secret. `now` decides what has expired: an expired or future certificate is unusable.
    public static Outcome<ServerCertificate> certificate(Map<String, byte[]> entries, Instant now) {
        var generic = entries.containsKey("cert") || entries.containsKey("key");
        var certName = generic ? "cert" : "tls.crt";
        var keyName = generic ? "key" : "tls.key";
        var cert = entries.get(certName);
        var key = entries.get(keyName);
        if (cert == null && key == null) {
            return new Outcome.Absent<>();
        }
        try {
            if (cert == null || key == null) {
                throw new UnusableException("%s is missing beside %s (found: %s)"
                        .formatted(
                                cert == null ? certName : keyName,
                                cert == null ? keyName : certName,
                                String.join(
                                        ", ", entries.keySet().stream().sorted().toList())));
            }
            var staple = entries.getOrDefault("tls.ocsp-staple", new byte[0]);
            return decoded(certName, () -> pair(certName, cert, keyName, key, staple, now));
        } catch (UnusableException unusable) {
            return new Outcome.Unusable<>(String.valueOf(unusable.getMessage()));
        }
    }

    /// The certificates of a secret that peers are checked against.
    public static Outcome<TrustBundle> trust(Map<String, byte[]> entries, Instant now) {
        var generic = entries.containsKey("cacert");
        var caName = generic ? "cacert" : "ca.crt";
        var ca = entries.get(caName);
        if (ca == null) {
            return new Outcome.Absent<>();
        }
        try {
            return decoded(caName, () -> bundle(caName, ca, generic ? "crl" : "ca.crl", entries, now));
        } catch (UnusableException unusable) {
            return new Outcome.Unusable<>(String.valueOf(unusable.getMessage()));
        }
    }

    private interface Reading<T> {
        T read() throws UnusableException;
    }

    // Bouncy Castle decodes what is asked for when it is asked for, and a damaged part ends in whatever that leads to:
    // a cast, an index, an argument that is none. It must stay the fault of this one secret.
    private static <T> T decoded(String entry, Reading<T> reading) throws UnusableException {
        try {
            return reading.read();
        } catch (RuntimeException | StackOverflowError damaged) {
            throw new UnusableException(
                    entry + " is damaged: its PEM is whole, what it encodes is not (expected: as it was issued)");
        }
    }

    private static Outcome<ServerCertificate> pair(
            String certName, byte[] cert, String keyName, byte[] key, byte[] staple, Instant now)
            throws UnusableException {
        var secret = privateKey(keyName, key);
        var given = certificates(certName, cert, PemEntries.MAX_BYTES);
        var chain = decoded(keyName, () -> inOrder(certName, given, secret));
        var leaf = chain.getFirst();
        var names = names(certName, leaf);
        var notBefore = leaf.getNotBefore().toInstant();
        var notAfter = leaf.getNotAfter().toInstant();
        checkValidity(certName, notBefore, notAfter, now);
        var warnings = new ArrayList<String>();
        if (notAfter.isBefore(now.plus(SOON))) {
            warnings.add("expires in " + Duration.between(now, notAfter).toDays() + " days");
        }
        ChainGap.of(chain).ifPresent(warnings::add);
        if (chain.size() < given.size()) {
            warnings.add("%d certificates of %s do not belong to the chain and are left out"
                    .formatted(given.size() - chain.size(), certName));
        }
        if (names.isEmpty()) {
            warnings.add("no subject alternative name: browsers refuse it");
        }
        warnings.addAll(BrowserChecks.warnings(leaf));
        var usableStaple = StapleCheck.usable(staple, leaf, now, warnings);
        var encoded = new ArrayList<PemObject>();
        for (var certificate : chain) {
            encoded.add(new PemObject("CERTIFICATE", der(certName, certificate)));
        }
        return new Outcome.Usable<>(
                new ServerCertificate(
                        ByteString.copyFrom(pem(encoded)),
                        new PrivateKeyPem(pem(List.of(new PemObject("PRIVATE KEY", der(keyName, secret))))),
                        leaf.getSerialNumber(),
                        leaf.getSubject().toString(),
                        leaf.getIssuer().toString(),
                        notBefore,
                        notAfter,
                        names,
                        ByteString.copyFrom(usableStaple)),
                warnings);
    }

    private static Outcome<TrustBundle> bundle(
            String caName, byte[] ca, String crlName, Map<String, byte[]> entries, Instant now)
            throws UnusableException {
        var roots = certificates(caName, ca, PemEntries.MAX_TRUST_BYTES);
        if (roots.size() > MAX_ROOTS) {
            throw new UnusableException(
                    "%s has %d certificates (expected: at most %d)".formatted(caName, roots.size(), MAX_ROOTS));
        }
        var warnings = new ArrayList<String>();
        var encoded = new ArrayList<PemObject>();
        var subjects = new ArrayList<String>();
        var last = Instant.MIN;
        for (var root : new LinkedHashSet<>(roots)) {
            var end = root.getNotAfter().toInstant();
            last = end.isAfter(last) ? end : last;
            if (!isAuthority(root)) {
                warnings.add("\"" + root.getSubject() + "\" is not a certificate authority");
            }
            subjects.add(root.getSubject().toString());
            encoded.add(new PemObject("CERTIFICATE", der(caName, root)));
        }
        if (encoded.size() < roots.size()) {
            warnings.add("%d certificates of %s stand there twice".formatted(roots.size() - encoded.size(), caName));
        }
        if (last.isBefore(now)) {
            throw new UnusableException("every certificate of " + caName + " has expired");
        }
        var crl = entries.get(crlName);
        var lists = new ArrayList<PemObject>();
        var until = crl == null ? last : min(last, revocationLists(crlName, crl, now, subjects, lists, warnings));
        return new Outcome.Usable<>(
                new TrustBundle(
                        ByteString.copyFrom(pem(encoded)), caName, subjects, until, ByteString.copyFrom(pem(lists))),
                warnings);
    }

    private static Instant min(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }

    /// Answers when the first list expires. Where there are lists, Envoy refuses the clients of every
    /// authority that has none; whether a list is signed by whom it names is Envoy's to see, which refuses
    /// clients if it is not.
    private static Instant revocationLists(
            String name,
            byte[] bytes,
            Instant now,
            List<String> authorities,
            List<PemObject> encoded,
            List<String> warnings)
            throws UnusableException {
        var first = Instant.MAX;
        var unlisted = new LinkedHashSet<>(authorities);
        for (var block : PemEntries.read(name, bytes, PemEntries.MAX_TRUST_BYTES)) {
            try {
                var list = new X509CRLHolder(block.getContent());
                var next = list.toASN1Structure().getNextUpdate();
                if (next != null && next.getDate().toInstant().isBefore(now)) {
                    throw new UnusableException(
                            name + " expired on " + next.getDate().toInstant());
                }
                first = next == null ? first : min(first, next.getDate().toInstant());
                encoded.add(new PemObject("X509 CRL", list.getEncoded()));
                var issuer = list.getIssuer().toString();
                unlisted.remove(issuer);
                if (!authorities.contains(issuer)) {
                    warnings.add("%s has a list of \"%s\", which is none of the authorities".formatted(name, issuer));
                }
            } catch (IOException | RuntimeException broken) {
                throw new UnusableException(name + " is no certificate revocation list");
            }
        }
        for (var authority : unlisted) {
            warnings.add("%s has no list of \"%s\": its clients are refused".formatted(name, authority));
        }
        return first;
    }

    private static PrivateKeyInfo privateKey(String name, byte[] bytes) throws UnusableException {
        var blocks = PemEntries.read(name, bytes, PemEntries.MAX_BYTES);
        var keys = new ArrayList<PrivateKeyInfo>();
        for (var block : blocks) {
            switch (block.getType()) {
                case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY" -> keys.add(privateKey(name, block));
                case "ENCRYPTED PRIVATE KEY" ->
                    throw new UnusableException(name + " is encrypted (expected: a key without a passphrase)");
                case "EC PARAMETERS" -> {
                    // openssl ecparam writes them in front of the key, which repeats them.
                }
                default ->
                    throw new UnusableException(
                            "%s has a \"%s\" block (expected: a private key)".formatted(name, block.getType()));
            }
        }
        if (keys.size() != 1) {
            throw new UnusableException("%s has %d private keys (expected: 1)".formatted(name, keys.size()));
        }
        return keys.getFirst();
    }

    private static PrivateKeyInfo privateKey(String name, PemObject block) throws UnusableException {
        if (!block.getHeaders().isEmpty()) {
            throw new UnusableException(name + " is encrypted (expected: a key without a passphrase)");
        }
        try {
            return switch (block.getType()) {
                case "RSA PRIVATE KEY" ->
                    new PrivateKeyInfo(
                            new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption),
                            RSAPrivateKey.getInstance(block.getContent()));
                case "EC PRIVATE KEY" -> {
                    var key = ECPrivateKey.getInstance(block.getContent());
                    if (!(key.getParametersObject() instanceof ASN1ObjectIdentifier curve)) {
                        throw new UnusableException(
                                name + " names no elliptic curve (expected: P-256, P-384 or P-521)");
                    }
                    yield new PrivateKeyInfo(new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, curve), key);
                }
                default -> PrivateKeyInfo.getInstance(block.getContent());
            };
        } catch (IOException | RuntimeException broken) {
            throw new UnusableException(name + " cannot be read as a private key");
        }
    }

    private static List<X509CertificateHolder> certificates(String name, byte[] bytes, int maxBytes)
            throws UnusableException {
        var certificates = new ArrayList<X509CertificateHolder>();
        for (var block : PemEntries.read(name, bytes, maxBytes)) {
            if (!block.getType().equals("CERTIFICATE") && !block.getType().equals("TRUSTED CERTIFICATE")) {
                throw new UnusableException(
                        "%s has a \"%s\" block (expected: certificates)".formatted(name, block.getType()));
            }
            try {
                var certificate = new X509CertificateHolder(block.getContent());
                KeyPairCheck.checkPublicKey(name, certificate.getSubjectPublicKeyInfo());
                certificates.add(certificate);
            } catch (IOException | RuntimeException broken) {
                throw new UnusableException(
                        "certificate %d of %s cannot be read".formatted(certificates.size() + 1, name));
            }
        }
        return certificates;
    }

    /// The leaf is the certificate that the key belongs to, wherever it stands; each next one issued the one before.
    private static List<X509CertificateHolder> inOrder(
            String name, List<X509CertificateHolder> given, PrivateKeyInfo key) throws UnusableException {
        X509CertificateHolder leaf = null;
        for (var candidate : given) {
            if (KeyPairCheck.belongs(key, candidate.getSubjectPublicKeyInfo())) {
                leaf = candidate;
                break;
            }
        }
        if (leaf == null) {
            throw new UnusableException("key does not belong to certificate");
        }
        var chain = new LinkedHashSet<X509CertificateHolder>(List.of(leaf));
        for (var next = issuer(leaf, given); next != null && chain.add(next); next = issuer(next, given)) {
            if (chain.size() > MAX_CHAIN) {
                throw new UnusableException("chain of %s is longer than %d".formatted(name, MAX_CHAIN));
            }
        }
        return List.copyOf(chain);
    }

    private static @Nullable X509CertificateHolder issuer(
            X509CertificateHolder certificate, List<X509CertificateHolder> given) {
        for (var candidate : given) {
            if (!candidate.equals(certificate) && candidate.getSubject().equals(certificate.getIssuer())) {
                return candidate;
            }
        }
        return null;
    }

    private static List<String> names(String entry, X509CertificateHolder leaf) throws UnusableException {
        var names = new ArrayList<String>();
        GeneralNames alternatives;
        try {
            alternatives = GeneralNames.fromExtensions(leaf.getExtensions(), Extension.subjectAlternativeName);
        } catch (IllegalArgumentException | IllegalStateException broken) {
            throw new UnusableException(entry + " has subject alternative names that cannot be read");
        }
        if (alternatives == null) {
            return names;
        }
        if (alternatives.getNames().length > MAX_NAMES) {
            throw new UnusableException("%s has %d subject alternative names (expected: at most %d)"
                    .formatted(entry, alternatives.getNames().length, MAX_NAMES));
        }
        for (var name : alternatives.getNames()) {
            var text = name.getName().toString();
            if (text.indexOf('\0') >= 0) {
                throw new UnusableException(entry + " has a subject alternative name with a NUL byte");
            }
            if (name.getTagNo() == GeneralName.dNSName) {
                names.add(text);
            } else if (name.getTagNo() == GeneralName.iPAddress) {
                names.add(address(entry, name));
            }
        }
        return names;
    }

    private static String address(String entry, GeneralName name) throws UnusableException {
        try {
            var bytes = ASN1OctetString.getInstance(name.getName()).getOctets();
            return InetAddresses.toAddrString(InetAddress.getByAddress(bytes));
        } catch (UnknownHostException | RuntimeException broken) {
            throw new UnusableException(entry + " has an IP address as its name that cannot be read");
        }
    }

    private static void checkValidity(String name, Instant notBefore, Instant notAfter, Instant now)
            throws UnusableException {
        if (notAfter.isBefore(notBefore)) {
            throw new UnusableException(name + " ends before it begins");
        }
        if (notAfter.isBefore(now)) {
            throw new UnusableException(name + " expired on " + notAfter);
        }
        if (notBefore.isAfter(now)) {
            throw new UnusableException(name + " is not valid before " + notBefore);
        }
    }

    private static boolean isAuthority(X509CertificateHolder certificate) {
        var constraints = BasicConstraints.fromExtensions(certificate.getExtensions());
        return constraints != null && constraints.isCA();
    }

    private static byte[] der(String name, X509CertificateHolder certificate) throws UnusableException {
        try {
            return certificate.getEncoded();
        } catch (IOException broken) {
            throw new UnusableException(name + " cannot be encoded");
        }
    }

    private static byte[] der(String name, PrivateKeyInfo key) throws UnusableException {
        try {
            return key.getEncoded();
        } catch (IOException broken) {
            throw new UnusableException(name + " cannot be encoded");
        }
    }

    static byte[] pem(List<PemObject> blocks) {
        var bytes = new ByteArrayOutputStream();
        try (var writer = new PemWriter(new OutputStreamWriter(bytes, StandardCharsets.US_ASCII))) {
            for (var block : blocks) {
                writer.writeObject(block);
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }
}
