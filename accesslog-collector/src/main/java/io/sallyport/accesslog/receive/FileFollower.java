package io.sallyport.accesslog.receive;

import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Follows a file that a proxy writes lines into, in one of Istio's formats, over rotations and our own restarts.
///
/// Up to where it was read stands in a file of its own, with the identity of the file read. One that was renamed is
/// read to its end, as its proxy goes on writing into it until it is told of the new one; then the new one is read
/// from its start. So is one that became shorter (refilled to its old length between two looks, 200 ms, it
/// cannot be told from one that did not change). A place is noted after its rows are in the spool, so a kill may
/// bring the lines of the last moment twice, and loses none. A line that is no row is kept as one of kind `raw`; of a
/// line longer than the bound, 64 KiB, the beginning is kept, and the rest is passed over: a client could have
/// written another line there.
public final class FileFollower implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(FileFollower.class);
    private static final int MAX_LINE = 64 << 10;
    private static final int MAX_LINES = 1_000;
    private static final int BUFFER = 256 << 10;
    private static final long EVERY_MILLIS = 200;

    private static final int MAX_SIBLINGS = 1_000;

    private record Place(String identity, long offset) {}

    private final Path file;
    private final Path mark;
    private final Proxy proxy;
    private final Intake intake;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread;
    // Of the following thread alone.
    private Place place;
    private @Nullable FileChannel open;
    // Behind the beginning of a line that was too long.
    private boolean isPassing;

    private FileFollower(Path file, Path mark, Proxy proxy, Intake intake) throws IOException {
        this.file = file;
        this.mark = mark;
        this.proxy = proxy;
        this.intake = intake;
        this.place = Files.exists(mark) ? parsed(Files.readString(mark).strip()) : new Place("", 0);
        this.thread = Thread.ofPlatform().name("log-file").daemon().unstarted(this::run);
    }

    /// Begins to follow; the file need not be there yet.
    ///
    /// @param mark where its place is kept
    public static FileFollower start(Path file, Path mark, Proxy proxy, Intake intake) throws IOException {
        var follower = new FileFollower(file, mark, proxy, intake);
        follower.thread.start();
        return follower;
    }

    private static Place parsed(String text) throws IOException {
        var space = text.lastIndexOf(' ');
        try {
            return new Place(text.substring(0, Math.max(0, space)), Long.parseLong(text.substring(space + 1)));
        } catch (NumberFormatException e) {
            throw new IOException("mark \"" + text + "\" (expected: an identity and an offset)", e);
        }
    }

    private void run() {
        var isTold = false;
        try {
            while (!stop.await(EVERY_MILLIS, TimeUnit.MILLISECONDS)) {
                try {
                    while (step() && stop.getCount() > 0) {
                        isTold = false;
                    }
                } catch (NoSuchFileException e) {
                    log.atDebug().addKeyValue("file", file).log("Not there yet");
                } catch (IOException e) {
                    if (!isTold) {
                        log.atWarn().addKeyValue("file", file).setCause(e).log("A log file cannot be read");
                    }
                    isTold = true;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            release();
        }
    }

    private void release() {
        var channel = open;
        open = null;
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                log.atDebug().addKeyValue("file", file).setCause(e).log("A log file cannot be closed");
            }
        }
    }

    /// Reads what fits into one buffer; false: there is no whole line more.
    private boolean step() throws IOException {
        var channel = open == null ? firstOpened() : open;
        open = channel;
        // In this order: who writes into the new file has written all of the old one.
        var hasSuccessor = hasSuccessor();
        if (take(channel)) {
            return true;
        }
        if (hasSuccessor) {
            release();
            place = new Place(identity(file), 0);
            return true;
        }
        return false;
    }

    // The file that was read last may have got another name while we did not run.
    private FileChannel firstOpened() throws IOException {
        var current = Files.exists(file) ? identity(file) : "";
        if (!place.identity().isEmpty() && !current.equals(place.identity())) {
            try (var siblings = Files.list(file.toAbsolutePath().getParent())) {
                for (var sibling : siblings.limit(MAX_SIBLINGS).toList()) {
                    if (Files.isRegularFile(sibling) && identity(sibling).equals(place.identity())) {
                        return opened(sibling, place.identity());
                    }
                }
            }
        }
        if (!current.equals(place.identity())) {
            place = new Place(current, 0);
        }
        return opened(file, current);
    }

    // A file may be renamed at any moment, also in between.
    private FileChannel opened(Path path, String identity) throws IOException {
        var channel = FileChannel.open(path, StandardOpenOption.READ);
        if (!identity(path).equals(identity)) {
            channel.close();
            throw new NoSuchFileException(path.toString());
        }
        var before = ByteBuffer.allocate(1);
        isPassing = place.offset() > 0 && channel.read(before, place.offset() - 1) == 1 && before.get(0) != '\n';
        return channel;
    }

    private boolean hasSuccessor() throws IOException {
        try {
            return !identity(file).equals(place.identity()) && Files.size(file) > 0;
        } catch (NoSuchFileException e) {
            // Renamed, and the next one is not there yet.
            return false;
        }
    }

    private static String identity(Path file) throws IOException {
        return String.valueOf(
                Files.readAttributes(file, BasicFileAttributes.class).fileKey());
    }

    private boolean take(FileChannel channel) throws IOException {
        var size = channel.size();
        if (size < place.offset()) {
            // Emptied.
            place = new Place(place.identity(), 0);
            isPassing = false;
        }
        var bytes = read(channel, size);
        var lines = new ArrayList<AccessLogEntry.Builder>();
        var from = 0;
        for (var at = 0; at < bytes.length && lines.size() < MAX_LINES; at++) {
            if (bytes[at] == '\n') {
                if (!isPassing) {
                    add(lines, bytes, from, at);
                }
                isPassing = false;
                from = at + 1;
            } else if (isPassing) {
                from = at + 1;
            } else if (at - from >= MAX_LINE) {
                lines.add(LogLines.cut(new String(bytes, from, at - from, StandardCharsets.UTF_8)));
                isPassing = true;
                from = at + 1;
            }
        }
        if (from == 0) {
            return false;
        }
        intake.take(proxy, lines);
        place = new Place(place.identity(), place.offset() + from);
        write();
        return true;
    }

    private byte[] read(FileChannel channel, long size) throws IOException {
        var bytes = new byte[(int) Math.min(BUFFER, size - place.offset())];
        var read = Math.max(0, channel.read(ByteBuffer.wrap(bytes), place.offset()));
        return read == bytes.length ? bytes : Arrays.copyOf(bytes, read);
    }

    private static void add(List<AccessLogEntry.Builder> lines, byte[] bytes, int from, int to) {
        var line = new String(bytes, from, to - from, StandardCharsets.UTF_8).strip();
        if (!line.isEmpty()) {
            lines.add(LogLines.row(line));
        }
    }

    private void write() throws IOException {
        var part = mark.resolveSibling(mark.getFileName() + ".part");
        Files.writeString(part, place.identity() + " " + place.offset() + "\n");
        Files.move(part, mark, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void close() {
        stop.countDown();
        try {
            thread.join(Duration.ofSeconds(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
