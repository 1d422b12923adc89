package io.sallyport.config.store;

import com.google.common.hash.HashCode;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import io.sallyport.model.ObjectRef;
import java.nio.charset.StandardCharsets;

/// Makes SHA-256 digests of sequences of fields. Every text is preceded by its length, so `ab, c` differs from `a, bc`.
final class DigestWriter {

    private final Hasher hasher = Hashing.sha256().newHasher();

    static HashCode of(String text) {
        return Hashing.sha256().hashString(text, StandardCharsets.UTF_8);
    }

    DigestWriter add(String text) {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        hasher.putInt(bytes.length).putBytes(bytes);
        return this;
    }

    DigestWriter add(long number) {
        hasher.putLong(number);
        return this;
    }

    DigestWriter add(ObjectRef ref) {
        return add(ref.kind().text()).add(ref.namespace()).add(ref.name());
    }

    HashCode finish() {
        return hasher.hash();
    }
}
