package io.sallyport.accesslog.queue;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.sallyport.accesslog.receive.RowSink;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Rows on disk that Kafka has not acknowledged yet, in the order in which they came.
///
/// Every row is written here before it is sent, so that neither a Kafka that is away nor a kill of this
/// process loses one (a power cut may: nothing is synced). When the folder has reached its bound, new rows
/// are refused, which the caller counts; what is in it stays and keeps its order.
///
/// A folder holds segments named after the sequence of their first row, each row as length, checksum, key and
/// bytes; and `mark`, which says up to where all is acknowledged.
public final class Spool implements RowSink, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Spool.class);
    private static final int FRAME_BYTES = 12;
    private static final int MAX_ROW_BYTES = 1 << 20;
    private static final int MARK_EVERY = 8_192;
    private static final String SUFFIX = ".spool";

    /// One row in the spool. The bytes are those of an [AccessLogEntry] without origin.
    static final class Spooled {

        private final long sequence;
        private final byte[] key;
        private final byte[] row;

        private Spooled(long sequence, byte[] key, byte[] row) {
            this.sequence = sequence;
            this.key = key;
            this.row = row;
        }

        long sequence() {
            return sequence;
        }

        // Its readers do not write into them; a copy of each row would be felt.
        byte[] key() {
            return key;
        }

        byte[] row() {
            return row;
        }
    }

    private final Path folder;
    private final long maxBytes;
    private final long segmentBytes;

    @GuardedBy("this") private final TreeMap<Long, Long> segments = new TreeMap<>();

    @GuardedBy("this") private SpoolMark mark;

    @GuardedBy("this") private FileChannel tail;

    @GuardedBy("this") private long next;

    @GuardedBy("this") private long bytes;

    @GuardedBy("this") private long marked;

    @GuardedBy("this") private boolean closed;

    private Spool(Path folder, long maxBytes, SpoolMark mark) throws IOException {
        this.folder = folder;
        this.maxBytes = maxBytes;
        // Deleting is by whole segments, so there have to be several.
        this.segmentBytes = Math.max(64 << 10, Math.min(16 << 20, maxBytes / 8));
        this.mark = mark;
        this.next = mark.acknowledged() + 1;
        recover();
        this.tail = open(segments.isEmpty() ? next : segments.lastKey());
    }

    /// Opens the spool of a folder, or makes it. What a killed process left is there again, but for a row that was
    /// written half.
    public static Spool open(Path folder, long maxBytes, RandomGenerator random) throws IOException {
        Files.createDirectories(folder);
        return new Spool(folder, maxBytes, SpoolMark.read(folder, random));
    }

    private synchronized void recover() throws IOException {
        try (var files = Files.list(folder)) {
            for (var file : files.toList()) {
                var name = file.getFileName().toString();
                if (name.endsWith(SUFFIX)) {
                    var first = Long.parseUnsignedLong(name.substring(0, name.length() - SUFFIX.length()), 16);
                    segments.put(first, Files.size(file));
                }
            }
        }
        for (var first : List.copyOf(segments.keySet())) {
            // Only what is whole counts; the rest of a segment that was cut is gone.
            var count = 0L;
            var whole = 0L;
            try (var reader = new SegmentReader(file(first), first)) {
                while (reader.next() != null) {
                    count++;
                    whole = reader.position();
                }
            }
            if (whole < segments.getOrDefault(first, 0L)) {
                log.atWarn()
                        .addKeyValue("segment", file(first))
                        .addKeyValue("bytes", segments.getOrDefault(first, 0L) - whole)
                        .log("Cut the unfinished end of a spool segment");
                try (var channel = FileChannel.open(file(first), StandardOpenOption.WRITE)) {
                    channel.truncate(whole);
                }
            }
            segments.put(first, whole);
            bytes += whole;
            next = Math.max(next, first + count);
        }
    }

    private Path file(long first) {
        return folder.resolve("%016x".formatted(first) + SUFFIX);
    }

    private FileChannel open(long first) throws IOException {
        synchronized (this) {
            segments.putIfAbsent(first, 0L);
        }
        return FileChannel.open(
                file(first), StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    }

    @Override
    public int offer(String proxy, List<AccessLogEntry> rows) {
        var key = proxy.getBytes(StandardCharsets.UTF_8);
        var frames = new ArrayList<byte[]>(rows.size());
        for (var row : rows) {
            frames.add(row.toByteArray());
        }
        return append(key, frames);
    }

    private synchronized int append(byte[] key, List<byte[]> rows) {
        if (closed) {
            return 0;
        }
        var taken = 0;
        var size = 0;
        for (var row : rows) {
            var frame = FRAME_BYTES + key.length + row.length;
            if (row.length > MAX_ROW_BYTES || bytes + size + frame > maxBytes) {
                break;
            }
            size += frame;
            taken++;
        }
        var buffer = ByteBuffer.allocate(size);
        rows.subList(0, taken).forEach(row -> put(buffer, key, row));
        buffer.flip();
        try {
            var last = segments.lastEntry();
            if (last.getValue() + size > segmentBytes && last.getValue() > 0) {
                tail.close();
                tail = open(next);
                last = segments.lastEntry();
            }
            while (buffer.hasRemaining()) {
                tail.write(buffer);
            }
            segments.put(last.getKey(), last.getValue() + size);
        } catch (IOException e) {
            log.atWarn().setCause(e).addKeyValue("rows", taken).log("Spool cannot be written, rows are lost");
            cutBack();
            return 0;
        }
        next += taken;
        bytes += size;
        notifyAll();
        return taken;
    }

    // Part of a write that failed would make the rest of the segment unreadable.
    @GuardedBy("this") private void cutBack() {
        try {
            var last = segments.lastEntry();
            tail.truncate(last.getValue());
        } catch (IOException e) {
            log.atError().setCause(e).log("Spool cannot be cut back, rows after this one may be unreadable");
        }
    }

    private static void put(ByteBuffer buffer, byte[] key, byte[] row) {
        var checksum = new CRC32C();
        checksum.update(key);
        checksum.update(row);
        buffer.putInt(row.length)
                .putInt((int) checksum.getValue())
                .putInt(key.length)
                .put(key)
                .put(row);
    }

    /// How many rows are not acknowledged.
    public synchronized long pending() {
        return next - 1 - mark.acknowledged();
    }

    /// How many bytes of the bound are in use.
    public synchronized long bytes() {
        return bytes;
    }

    synchronized SpoolMark mark() {
        return mark;
    }

    /// Waits until there is a row of that sequence; false when the time is over or the spool is closed.
    @SuppressWarnings("WaitNotInLoop") // A wake-up for nothing is a shorter wait: the caller asks again.
    synchronized boolean await(long sequence, long millis) throws InterruptedException {
        if (next <= sequence && !closed) {
            wait(millis);
        }
        return next > sequence && !closed;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /// Up to here everything is in Kafka: whole segments before it are deleted. The mark is written now and
    /// then, since what is sent twice after a kill is known by its origin.
    synchronized void acknowledged(long sequence) throws IOException {
        if (sequence <= mark.acknowledged()) {
            return;
        }
        mark = mark.upTo(sequence);
        var isEnd = sequence == next - 1;
        if (isEnd || sequence - marked >= MARK_EVERY) {
            mark.write(folder);
            marked = sequence;
        }
        if (segments.size() > 1 && segments.higherKey(segments.firstKey()) <= sequence + 1) {
            mark.write(folder);
            marked = sequence;
        }
        while (segments.size() > 1 && segments.higherKey(segments.firstKey()) <= sequence + 1) {
            var first = segments.firstEntry();
            Files.deleteIfExists(file(first.getKey()));
            segments.remove(first.getKey());
            bytes -= first.getValue();
        }
    }

    /// From now on rows are sent in another order than before.
    synchronized void again() throws IOException {
        mark = mark.nextAttempt();
        mark.write(folder);
    }

    /// Reads on from a row on. One reader at a time.
    Cursor from(long sequence) {
        return new Cursor(sequence);
    }

    private synchronized long segmentOf(long sequence) {
        var first = segments.floorKey(sequence);
        return first == null ? segments.firstKey() : first;
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        notifyAll();
        tail.close();
        mark.write(folder);
    }

    /// Goes through the spool, row by row, across segments.
    final class Cursor implements AutoCloseable {

        private long sequence;
        private @Nullable SegmentReader reader;
        private long readerFirst = -1;

        private Cursor(long sequence) {
            this.sequence = sequence;
        }

        /// The next row that is there; waits for one at most so long. Null: there was none.
        @Nullable Spooled next(long millis) throws IOException, InterruptedException {
            if (!await(sequence, millis)) {
                return null;
            }
            var first = segmentOf(sequence);
            var open = reader;
            if (open == null || first != readerFirst) {
                close();
                open = new SegmentReader(file(first), first);
                reader = open;
                readerFirst = first;
            }
            while (true) {
                var row = open.next();
                if (row == null) {
                    throw new IOException(file(first) + ": row " + sequence + " cannot be read");
                }
                if (row.sequence() >= sequence) {
                    sequence = row.sequence() + 1;
                    return row;
                }
            }
        }

        @Override
        public void close() throws IOException {
            if (reader != null) {
                reader.close();
            }
        }
    }

    /// Reads one segment from its start. A row that is not whole ends it.
    private static final class SegmentReader implements AutoCloseable {

        private final FileChannel channel;
        private final ByteBuffer buffer = ByteBuffer.allocate(1 << 18).limit(0);
        private long sequence;
        private long position;

        SegmentReader(Path file, long first) throws IOException {
            this.channel = FileChannel.open(file, StandardOpenOption.READ);
            this.sequence = first;
        }

        long position() {
            return position;
        }

        @Nullable Spooled next() throws IOException {
            var header = take(FRAME_BYTES);
            if (header == null) {
                return null;
            }
            var in = ByteBuffer.wrap(header);
            var length = in.getInt();
            var checksum = in.getInt();
            var keyLength = in.getInt();
            if (length < 0 || length > MAX_ROW_BYTES || keyLength < 0 || keyLength > 1 << 10) {
                return null;
            }
            var key = take(keyLength);
            var row = key == null ? null : take(length);
            if (key == null || row == null) {
                return null;
            }
            var found = new CRC32C();
            found.update(key);
            found.update(row);
            if ((int) found.getValue() != checksum) {
                return null;
            }
            position += FRAME_BYTES + keyLength + length;
            return new Spooled(sequence++, key, row);
        }

        private byte @Nullable [] take(int count) throws IOException {
            var bytes = new byte[count];
            var at = 0;
            while (at < count) {
                if (!buffer.hasRemaining()) {
                    buffer.clear();
                    var read = channel.read(buffer);
                    buffer.flip();
                    if (read <= 0) {
                        // Nothing is lost of what was taken: the row will be read again from its start.
                        channel.position(position);
                        buffer.limit(0);
                        return null;
                    }
                }
                var part = Math.min(count - at, buffer.remaining());
                buffer.get(bytes, at, part);
                at += part;
            }
            return bytes;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
