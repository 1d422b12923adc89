package io.sallyport.config.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// Remembers beside an SQLite file which revision was acknowledged last. SQLite drops a damaged end of its write-ahead
/// log in silence; with the mark, a start sees that revisions are missing. Not flushed to disk on purpose: it outlives
/// the process, and after a power cut it is at worst older than the log.
final class HeadMark implements AutoCloseable {

    private final FileChannel channel;

    private HeadMark(FileChannel channel) {
        this.channel = channel;
    }

    /// What the mark says: `43` and the digest of r43.
    record Mark(long number, String digest) {}

    static HeadMark open(Path file) throws IOException {
        return new HeadMark(FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE));
    }

    /// Empty without a mark, or if it is damaged: a missing mark proves nothing.
    static Optional<Mark> read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        var fields = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
                .strip()
                .split(" ", -1);
        if (fields.length != 3 || !fields[2].equals(guard(fields[0], fields[1]))) {
            return Optional.empty();
        }
        return Optional.of(new Mark(Long.parseLong(fields[0]), fields[1]));
    }

    void write(long number, String digest) throws IOException {
        var text = number + " " + digest + " " + guard(Long.toString(number), digest) + "\n";
        var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
        int length = bytes.remaining();
        channel.write(bytes, 0);
        channel.truncate(length);
    }

    private static String guard(String number, String digest) {
        return DigestWriter.of(number + " " + digest).toString();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
