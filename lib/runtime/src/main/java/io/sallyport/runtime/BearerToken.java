package io.sallyport.runtime;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Set;
import java.util.random.RandomGenerator;

/// The secret that a caller on loopback shows to prove that it may read the data folder.
/// Being on the same machine proves nothing: any web page in a browser there is, too.
public final class BearerToken {

    private static final int BYTES = 32;
    private static final int MAX_FILE_BYTES = 1_024;

    private final String value;

    private BearerToken(String value) {
        this.value = value;
    }

    /// Takes a token as it is written. At least 16 characters, so that it cannot be guessed.
    public static BearerToken of(String value) {
        if (value.length() < 16 || !value.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw new IllegalArgumentException("token (expected: at least 16 printable characters without spaces)");
        }
        return new BearerToken(value);
    }

    /// Reads the token of a file, which only its owner should be able to read.
    public static BearerToken read(Path file) throws IOException {
        if (Files.size(file) > MAX_FILE_BYTES) {
            throw new IOException(file + ": longer than a token (expected: at most " + MAX_FILE_BYTES + " bytes)");
        }
        try {
            return of(Files.readString(file).strip());
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /// Reads the token of a file, or makes the file, mode 0600, with a new one.
    public static BearerToken readOrCreate(Path file, RandomGenerator random) throws IOException {
        if (Files.exists(file)) {
            return read(file);
        }
        var bytes = new byte[BYTES];
        random.nextBytes(bytes);
        var token = new BearerToken(HexFormat.of().formatHex(bytes));
        var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        var options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try (var channel = Files.newByteChannel(file, options, mode)) {
            channel.write(StandardCharsets.UTF_8.encode(token.value + "\n"));
        } catch (FileAlreadyExistsException e) {
            return read(file);
        }
        return token;
    }

    /// The value of the `authorization` header that carries this token.
    public String header() {
        return "Bearer " + value;
    }

    /// Compares in a time that does not depend on how much of the header is right.
    public boolean matchesHeader(String authorization) {
        return MessageDigest.isEqual(
                header().getBytes(StandardCharsets.UTF_8), authorization.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return "[redacted]";
    }
}
