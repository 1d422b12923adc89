package io.sallyport.runtime.rpc;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A Unix socket as the place of a server: its file, which only its owner can open, and the threads that serve it.
final class UnixSocket implements GrpcServer.Place {

    private static final Logger log = LoggerFactory.getLogger(UnixSocket.class);

    private final Path file;
    private final EventLoopGroup loops = new NioEventLoopGroup(1, new DefaultThreadFactory("unix-socket", true));

    private UnixSocket(Path file) {
        this.file = file;
    }

    static UnixSocket at(Path file) throws IOException {
        var folder = file.toAbsolutePath().getParent();
        if (folder != null && !Files.isDirectory(folder)) {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        // A socket whose server is dead stays as a file. Anything else is not ours to remove.
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    || Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new IOException(file + " is in the way (expected: a socket, or nothing)");
            }
            Files.delete(file);
        }
        return new UnixSocket(file);
    }

    EventLoopGroup loops() {
        return loops;
    }

    @Override
    public void taken() throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    @Override
    public void left() {
        var _ = loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            log.atWarn().addKeyValue("socket", file).setCause(e).log("Socket stays behind");
        }
    }
}
