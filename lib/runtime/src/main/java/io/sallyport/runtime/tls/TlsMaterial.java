package io.sallyport.runtime.tls;

import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;

/// What three files held at one moment, read as a whole: a key that is not the certificate's is never taken, so
/// that files which are written one after the other do not mix.
record TlsMaterial(String digest, List<X509Certificate> chain, PrivateKey key, List<X509Certificate> authorities) {

    static TlsMaterial read(TlsFiles files) throws IOException {
        var certificate = PemFiles.bytes(files.certificate());
        var key = PemFiles.bytes(files.key());
        var ca = PemFiles.bytes(files.ca());
        var chain = PemFiles.certificates(files.certificate(), certificate);
        var own = PemFiles.key(files.key(), key);
        if (!PemFiles.belongs(own, chain.getFirst())) {
            throw new IOException(files.key() + ": is not the key of the certificate in " + files.certificate());
        }
        return new TlsMaterial(digest(certificate, key, ca), chain, own, PemFiles.certificates(files.ca(), ca));
    }

    /// Tells whether files are as they were, without reading what is in them.
    static String digest(TlsFiles files) throws IOException {
        return digest(PemFiles.bytes(files.certificate()), PemFiles.bytes(files.key()), PemFiles.bytes(files.ca()));
    }

    private static String digest(byte[]... parts) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            for (var part : parts) {
                digest.update(MessageDigest.getInstance("SHA-256").digest(part));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    Instant expires() {
        return chain.getFirst().getNotAfter().toInstant();
    }

    @Override
    public String toString() {
        return "TlsMaterial[" + PeerNames.of(chain.getFirst()) + ", key=[redacted]]";
    }
}
