package io.sallyport.accesslog.receive;

import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Follows a file that a proxy writes lines into, in one of Istio's formats, over rotations and our own restarts.
///
/// Up to where it was read stands in a file of its own, with the identity of the file read: one that was renamed and
/// made anew is read from its start, and so is one that became shorter (refilled to its old length between two looks,
/// 200 ms, it cannot be told from one that did not change). A place is noted after its rows are in the spool, so a kill
/// may bring the lines of
/// the last moment twice, and loses none. A line that is no row is kept as one of kind `raw`; a line longer than the
/// bound is cut.
public final class FileFollower implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(FileFollower.class);
    private static final int MAX_LINE = 64 << 10;
    private static final int MAX_LINES = 1_000;
    private static final int BUFFER = 256 << 10;
    private static final long EVERY_MILLIS = 200;

    private record Place(String identity, long offset) {}

    private final Path file;
    private final Path mark;
    private final Proxy proxy;
    private final Intake intake;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread;
    // Of the following thread alone.
    private Place place;

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
        }
    }

    /// Reads what fits into one buffer; false: there is no whole line more.
    private boolean step() throws IOException {
        var identity = String.valueOf(Files.readAttributes(file, java.nio.file.attribute.BasicFileAttributes.class)
                .fileKey());
        var size = Files.size(file);
        // Another file, or the same one emptied.
        if (!identity.equals(place.identity()) || size < place.offset()) {
            place = new Place(identity, 0);
        }
        var bytes = read(size);
        var lines = new ArrayList<AccessLogEntry.Builder>();
        var from = 0;
        for (var at = 0; at < bytes.length && lines.size() < MAX_LINES; at++) {
            if (bytes[at] == '\n') {
                add(lines, bytes, from, at);
                from = at + 1;
            } else if (at - from >= MAX_LINE) {
                add(lines, bytes, from, at + 1);
                from = at + 1;
            }
        }
        if (from == 0) {
            return false;
        }
        intake.take(proxy, lines);
        place = new Place(identity, place.offset() + from);
        write();
        return true;
    }

    private byte[] read(long size) throws IOException {
        var bytes = new byte[(int) Math.min(BUFFER, size - place.offset())];
        try (var open = new RandomAccessFile(file.toFile(), "r")) {
            open.seek(place.offset());
            var read = Math.max(0, open.getChannel().read(ByteBuffer.wrap(bytes)));
            return read == bytes.length ? bytes : java.util.Arrays.copyOf(bytes, read);
        }
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
