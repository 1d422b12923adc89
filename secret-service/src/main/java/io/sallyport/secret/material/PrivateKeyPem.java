package io.sallyport.secret.material;

import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A private key in PKCS#8 PEM. It prints as `[redacted]`, so no log line, exception or dump of a record shows it.
public final class PrivateKeyPem {

    private final byte[] pem;

    PrivateKeyPem(byte[] pem) {
        this.pem = pem.clone();
    }

    /// The bytes for the one message that carries them to a proxy.
    public byte[] reveal() {
        return pem.clone();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof PrivateKeyPem that && MessageDigest.isEqual(pem, that.pem);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(pem);
    }

    @Override
    public String toString() {
        return "[redacted]";
    }
}
