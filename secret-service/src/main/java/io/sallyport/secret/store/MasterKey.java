package io.sallyport.secret.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/// The 256-bit key that seals what is kept on disk. It prints as `[redacted]`.
///
/// To change it, put the new key on a line before the old one and start the service: what the old one sealed is sealed
/// anew, and the old line can go.
public final class MasterKey {

    private static final int BYTES = 32;

    private static final int MAX_KEYS = 16;

    private final byte[] key;
    private final List<MasterKey> former;

    private MasterKey(byte[] key, List<MasterKey> former) {
        this.key = key.clone();
        this.former = List.copyOf(former);
    }

    /// From 32 bytes in base64, as a mounted file or an environment variable holds it. Former keys may follow, with
    /// white space between.
    public static MasterKey ofBase64(String text) {
        var keys = text.strip().split("\\s+", -1);
        if (keys.length > MAX_KEYS) {
            throw new IllegalArgumentException(
                    "master key: %d keys (expected: at most %d)".formatted(keys.length, MAX_KEYS));
        }
        var former = new ArrayList<MasterKey>();
        for (var n = 1; n < keys.length; n++) {
            former.add(new MasterKey(bytes(keys[n]), List.of()));
        }
        return new MasterKey(bytes(keys[0]), former);
    }

    private static byte[] bytes(String text) {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(text.strip());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("master key: not base64 (expected: 32 bytes in base64)", e);
        }
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("master key: %d bytes (expected: %d)".formatted(bytes.length, BYTES));
        }
        return bytes;
    }

    /// From a file, which is made with a fresh key, for its owner alone, if it is not there.
    public static MasterKey inFile(Path file, SecureRandom random) throws SecretStoreException {
        try {
            if (!Files.exists(file)) {
                create(file, random);
            }
            return ofBase64(Files.readString(file, StandardCharsets.US_ASCII));
        } catch (IOException | IllegalArgumentException e) {
            throw new SecretStoreException("master key " + file + ": " + e.getMessage(), e);
        }
    }

    private static void create(Path file, SecureRandom random) throws IOException {
        var fresh = new byte[BYTES];
        random.nextBytes(fresh);
        var text = Base64.getEncoder().encode(fresh);
        try (var channel = Files.newByteChannel(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SYNC),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            channel.write(ByteBuffer.wrap(text));
        } catch (FileAlreadyExistsException raced) {
            // Another process was quicker: its key counts.
        }
    }

    /// The keys that opened what was sealed before.
    List<MasterKey> former() {
        return former;
    }

    SecretKey forCipher() {
        return new SecretKeySpec(key, "AES");
    }

    @Override
    public String toString() {
        return "[redacted]";
    }
}
