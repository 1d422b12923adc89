package io.sallyport.accesslog.queue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;

/// Up to where a spool is acknowledged, and under which name its rows are sent.
///
/// The name changes when the machine has started anew since: its last rows may be gone then, and their
/// sequences must not be taken for rows that the store has.
///
/// @param id drawn at random, the same as long as sequences are unbroken
/// @param attempt grows when rows are sent in another order than before
record SpoolMark(long id, int attempt, long acknowledged, long boot) {

    private static final String FILE = "mark";
    private static final int BYTES = 8 + 4 + 8 + 8 + 8;
    private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

    static SpoolMark read(Path folder, RandomGenerator random) throws IOException {
        var file = folder.resolve(FILE);
        var boot = currentBoot();
        if (!Files.exists(file)) {
            return new SpoolMark(random.nextLong(), 0, 0, boot);
        }
        var bytes = Files.readAllBytes(file);
        if (bytes.length != BYTES || checksum(bytes) != ByteBuffer.wrap(bytes).getLong(BYTES - 8)) {
            throw new IOException(file + " is damaged (expected: " + BYTES + " bytes with their checksum)");
        }
        var in = ByteBuffer.wrap(bytes);
        var mark = new SpoolMark(in.getLong(), in.getInt(), in.getLong(), in.getLong());
        return mark.boot == boot ? mark : new SpoolMark(random.nextLong(), 0, mark.acknowledged, boot);
    }

    void write(Path folder) throws IOException {
        var out = ByteBuffer.allocate(BYTES)
                .putLong(id)
                .putInt(attempt)
                .putLong(acknowledged)
                .putLong(boot);
        var bytes = out.array();
        out.putLong(BYTES - 8, checksum(bytes));
        var part = folder.resolve(FILE + ".part");
        Files.write(part, bytes);
        Files.move(part, folder.resolve(FILE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    SpoolMark upTo(long sequence) {
        return new SpoolMark(id, attempt, sequence, boot);
    }

    SpoolMark nextAttempt() {
        return new SpoolMark(id, attempt + 1, acknowledged, boot);
    }

    private static long checksum(byte[] bytes) {
        var checksum = new CRC32C();
        checksum.update(bytes, 0, BYTES - 8);
        return checksum.getValue();
    }

    // Elsewhere than on Linux every start counts as a new one: a row may then be sent twice, but none is lost.
    private static long currentBoot() throws IOException {
        if (!Files.isReadable(BOOT)) {
            return ProcessHandle.current().pid();
        }
        var checksum = new CRC32C();
        checksum.update(Files.readAllBytes(BOOT));
        return checksum.getValue();
    }
}
