package io.sallyport.secret.store;

import com.google.common.hash.Hashing;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UTFDataFormatException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps one file a secret, readable only with the master key: AES-256-GCM with a fresh random nonce each time. The
/// secret's name stands in front in plain text and is bound into the seal, so two files that are swapped are both
/// refused.
public final class SealedFiles {

    private static final Logger log = LoggerFactory.getLogger(SealedFiles.class);
    private static final byte VERSION = 2;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;

    private final Path directory;
    private final MasterKey key;
    private final SecureRandom random;

    /// `directory` is made if need be, for its owner alone.
    public SealedFiles(Path directory, MasterKey key, SecureRandom random) throws SecretStoreException {
        this.directory = directory;
        this.key = key;
        this.random = random;
        try {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (IOException e) {
            throw new SecretStoreException("secret store: cannot make " + directory + ": " + e.getMessage(), e);
        }
    }

    /// Replaces what is kept under the name, whole or not at all.
    public void put(SecretName name, byte[] plain) throws SecretStoreException {
        var nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        var target = file(name);
        var part = target.resolveSibling(target.getFileName() + ".part");
        try {
            var sealed = cipher(key, Cipher.ENCRYPT_MODE, name, nonce).doFinal(plain);
            var head = head(name);
            var bytes = ByteBuffer.allocate(head.length + NONCE_BYTES + sealed.length)
                    .put(head)
                    .put(nonce)
                    .put(sealed)
                    .flip();
            Files.deleteIfExists(part);
            try (var channel = Files.newByteChannel(
                    part,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SYNC),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException | GeneralSecurityException e) {
            throw new SecretStoreException("secret store: cannot write " + name + ": " + e.getMessage(), e);
        }
    }

    /// Seals anew what a former key sealed, so that it opens no more with that. Answers how many those were.
    public int renew() throws SecretStoreException {
        var count = 0;
        if (key.former().isEmpty()) {
            return count;
        }
        for (var name : names()) {
            try {
                var opened = open(name);
                if (opened.isPresent() && opened.get().isFormer) {
                    put(name, opened.get().plain);
                    count++;
                }
            } catch (SecretStoreException damaged) {
                log.atWarn().addKeyValue("reason", damaged.getMessage()).log("Stored secret cannot be sealed anew");
            }
        }
        return count;
    }

    private static final class Opened {

        private final byte[] plain;
        private final boolean isFormer;

        Opened(byte[] plain, boolean isFormer) {
            this.plain = plain;
            this.isFormer = isFormer;
        }
    }

    /// What is kept under the name. A file that was changed, cut, swapped or sealed with another key is an error.
    public Optional<byte[]> get(SecretName name) throws SecretStoreException {
        return open(name).map(opened -> opened.plain);
    }

    private Optional<Opened> open(SecretName name) throws SecretStoreException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file(name));
        } catch (NoSuchFileException absent) {
            return Optional.empty();
        } catch (IOException e) {
            throw new SecretStoreException("secret store: cannot read " + name + ": " + e.getMessage(), e);
        }
        var head = head(name);
        var start = head.length + NONCE_BYTES;
        if (bytes.length < start + TAG_BITS / Byte.SIZE
                || !Arrays.equals(bytes, 0, head.length, head, 0, head.length)) {
            throw new SecretStoreException("secret store: " + name + " is damaged");
        }
        var nonce = Arrays.copyOfRange(bytes, head.length, start);
        var first = opened(key, name, nonce, bytes, start);
        if (first.isPresent()) {
            return Optional.of(new Opened(first.get(), false));
        }
        for (var former : key.former()) {
            var later = opened(former, name, nonce, bytes, start);
            if (later.isPresent()) {
                return Optional.of(new Opened(later.get(), true));
            }
        }
        throw new SecretStoreException("secret store: " + name + " is damaged, or was sealed with another master key");
    }

    private static Optional<byte[]> opened(MasterKey key, SecretName name, byte[] nonce, byte[] bytes, int start) {
        try {
            return Optional.of(
                    cipher(key, Cipher.DECRYPT_MODE, name, nonce).doFinal(bytes, start, bytes.length - start));
        } catch (GeneralSecurityException notThisOne) {
            return Optional.empty();
        }
    }

    public void delete(SecretName name) throws SecretStoreException {
        try {
            Files.deleteIfExists(file(name));
        } catch (IOException e) {
            throw new SecretStoreException("secret store: cannot delete " + name + ": " + e.getMessage(), e);
        }
    }

    /// The names of all that is kept, in order. A file whose beginning cannot be read is passed over.
    public List<SecretName> names() throws SecretStoreException {
        var names = new ArrayList<SecretName>();
        try (var files = Files.newDirectoryStream(directory, "*.sealed")) {
            for (var file : files) {
                name(file).ifPresent(names::add);
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw new SecretStoreException("secret store: cannot list " + directory + ": " + e.getMessage(), e);
        }
        names.sort(null);
        return names;
    }

    private static Optional<SecretName> name(Path file) throws IOException {
        try (var in = new DataInputStream(Files.newInputStream(file))) {
            if (in.readByte() != VERSION) {
                return Optional.empty();
            }
            var parts = in.readUTF().split("/", -1);
            return parts.length == 2 ? Optional.of(new SecretName(parts[0], parts[1])) : Optional.empty();
        } catch (EOFException | UTFDataFormatException | NoSuchFileException | IllegalArgumentException damaged) {
            return Optional.empty();
        }
    }

    // The version, the length of the name in two bytes, the name.
    private static byte[] head(SecretName name) {
        var text = name.toString().getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(1 + Short.BYTES + text.length)
                .put(VERSION)
                .putShort((short) text.length)
                .put(text)
                .array();
    }

    // A hash, because the two names together may be longer than a file name can be.
    private Path file(SecretName name) {
        return directory.resolve(Hashing.sha256().hashString(name.toString(), StandardCharsets.UTF_8) + ".sealed");
    }

    private static Cipher cipher(MasterKey key, int mode, SecretName name, byte[] nonce)
            throws GeneralSecurityException {
        var cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key.forCipher(), new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(name.toString().getBytes(StandardCharsets.UTF_8));
        return cipher;
    }
}
