package io.sallyport.standalone;

import io.sallyport.runtime.BearerToken;
import io.sallyport.standalone.envoy.EnvoyPlaces;
import io.sallyport.standalone.envoy.ProxyName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The folder that one running `up` owns: `.sallyport/`. Nobody else may read it (0700), and a second `up` on it fails.
///
/// ```
/// lock  token  endpoints.json  config.db  secrets/  sds.sock  admin/*.sock
/// proxies/<namespace>/<name>/{stdout,stderr}.log
/// ```
public final class DataFolder implements EnvoyPlaces, AutoCloseable {

    /// Linux takes 107 bytes for the path of a Unix socket and a closing zero; others take a little less.
    private static final int MAX_SOCKET_PATH = 100;

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    private static final String NAMES_PORT = "names.port";

    private final Path root;
    private final Path sockets;
    private final FileChannel channel;
    private final FileLock lock;

    private DataFolder(Path root, Path sockets, FileChannel channel, FileLock lock) {
        this.root = root;
        this.sockets = sockets;
        this.channel = channel;
        this.lock = lock;
    }

    /// Makes the folder if needed and takes its lock. The message of a refusal is one line that names who holds it.
    public static DataFolder open(Path folder) throws IOException, FolderInUseException {
        var root = folder.toAbsolutePath().normalize();
        makePrivate(root);
        var file = root.resolve("lock");
        var channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        var lock = tryLock(channel);
        if (lock == null) {
            var holder = Files.readString(file).strip();
            channel.close();
            throw new FolderInUseException(folder + " is in use by process " + (holder.isEmpty() ? "?" : holder)
                    + " (expected: one \"up\" per data folder; stop it, or name another with --data)");
        }
        channel.truncate(0);
        channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
        return new DataFolder(root, socketFolder(root), channel, lock);
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    public Path root() {
        return root;
    }

    public BearerToken token(RandomGenerator random) throws IOException {
        return BearerToken.readOrCreate(root.resolve("token"), random);
    }

    /// What an Envoy prints and what is known of its process.
    @Override
    public Path proxyFolder(ProxyName proxy) throws IOException {
        var folder = root.resolve("proxies").resolve(proxy.namespace()).resolve(proxy.name());
        if (!folder.normalize().startsWith(root.resolve("proxies"))) {
            throw new IllegalArgumentException("proxy " + proxy + " (expected: a name that stays in its folder)");
        }
        Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        return folder;
    }

    /// The folder of all proxies, `proxies/<namespace>/<name>`.
    @Override
    public Path proxies() {
        return root.resolve("proxies");
    }

    /// The admin socket of an Envoy, short enough for the operating system.
    @Override
    public Path adminSocket(ProxyName proxy) {
        var plain = sockets.resolve(proxy.name() + "." + proxy.namespace() + ".sock");
        return plain.toString().length() <= MAX_SOCKET_PATH
                ? plain
                : sockets.resolve(digest(proxy.toString()).substring(0, 12) + ".sock");
    }

    /// The socket of secret discovery: `sds.sock`, beside the admin sockets where the folder's path is too long.
    @Override
    public Path secretSocket() {
        var plain = root.resolve("sds.sock");
        return plain.toString().length() <= MAX_SOCKET_PATH ? plain : sockets.resolve("sds.sock");
    }

    /// Where Envoys of the last `up` look names up; 0: not known.
    public int namesPort() {
        try {
            return Integer.parseInt(Files.readString(root.resolve(NAMES_PORT)).strip());
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
    }

    public void rememberNamesPort(int port) throws IOException {
        Files.writeString(root.resolve(NAMES_PORT), port + "\n");
    }

    @Override
    public void close() throws IOException {
        lock.release();
        channel.close();
    }

    // Where the data folder's path leaves no room for a socket's name, `admin` is a link to a private folder that does.
    private static Path socketFolder(Path root) throws IOException {
        var plain = root.resolve("admin");
        if (plain.toString().length() + 40 <= MAX_SOCKET_PATH) {
            makePrivate(plain);
            return plain;
        }
        var shorter = Path.of(
                System.getProperty("java.io.tmpdir"),
                "sallyport-" + digest(root.toString()).substring(0, 12));
        makePrivate(shorter);
        try {
            Files.createSymbolicLink(plain, shorter);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isSymbolicLink(plain) || !Files.readSymbolicLink(plain).equals(shorter)) {
                throw new IOException(plain + " is in the way (expected: a link to " + shorter + ")", e);
            }
        }
        return shorter;
    }

    // Refuses a folder of somebody else: in a shared place such as /tmp it may have been laid out as a trap.
    private static void makePrivate(Path folder) throws IOException {
        Files.createDirectories(folder.getParent());
        try {
            Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(folder)) {
                throw new IOException(folder + " is not a folder", e);
            }
            var self = Files.getOwner(Path.of("/proc/self").toRealPath());
            if (!Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).equals(self)) {
                throw new IOException(folder + " belongs to somebody else (expected: a folder of " + self + ")", e);
            }
            Files.setPosixFilePermissions(folder, OWNER_ONLY);
        }
    }

    private static String digest(String text) {
        try {
            var bytes = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
