package io.sallyport.config.source;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.sallyport.config.store.ConfigState;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.config.testing.FakeReader;
import io.sallyport.config.testing.Recorder;
import io.sallyport.config.testing.Stores;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files are written in every way that editors and tools do it, while the source reads. Each file holds three objects
/// that carry the same number; a revision in which they differ was made from half a file.
class DirectoryFaults {

    private static final int STEPS = Boolean.getBoolean("sallyport.nightly") ? 10_000 : 400;
    private static final int FILES = 4;
    private static final List<String> PARTS = List.of("a", "b", "c");

    @TempDir
    Path folder;

    private final List<String> torn = Collections.synchronizedList(new ArrayList<>());

    @Test
    @Tag("F26")
    void noRevisionIsMadeFromHalfAFile() throws Exception {
        long seed = Long.getLong("sallyport.seed", 26L);
        var random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        var root = Files.createDirectories(folder.resolve("config"));
        var recorder = new Recorder();
        try (var log = RevisionLog.open(
                        Stores.sqlite(folder), new FakeReader(), accepted -> ByteString.EMPTY, InstantSource.system());
                var watching = log.subscribe(() -> look(log.published().state()));
                var source = DirectorySource.start(root, log, new FakeReader(), recorder, InstantSource.system())) {
            assertThat(watching).isNotNull();
            source.awaitFirstLook();
            for (int step = 1; step <= STEPS; step++) {
                write(root, random, step);
            }
            for (int file = 0; file < FILES; file++) {
                Files.writeString(root.resolve("f" + file + ".yaml"), content(file, STEPS + 1));
            }
            recorder.await(event -> isFinal(log.published().state()));

            assertThat(torn).as("seed %d", seed).isEmpty();
            assertThat(source.current()).isEmpty();
        }
    }

    private static String line(int file, String part, int number) {
        return "Gateway shop/f" + file + "-" + part + " number " + number + "\n";
    }

    private static String content(int file, int number) {
        return line(file, "a", number) + line(file, "b", number) + line(file, "c", number);
    }

    private static String number(ConfigState state, int file, String part) {
        return state.find(new ObjectRef(Kind.GATEWAY, "shop", "f" + file + "-" + part))
                .map(object -> object.source().text().replaceAll(".* ", ""))
                .orElse("absent");
    }

    private void look(ConfigState state) {
        for (int file = 0; file < FILES; file++) {
            var first = number(state, file, "a");
            for (var part : PARTS) {
                if (!number(state, file, part).equals(first)) {
                    torn.add("r" + state.revision() + " f" + file + "-" + part + " " + number(state, file, part)
                            + " beside " + first);
                }
            }
        }
    }

    private static boolean isFinal(ConfigState state) {
        for (int file = 0; file < FILES; file++) {
            if (!number(state, file, "a").equals(Integer.toString(STEPS + 1))) {
                return false;
            }
        }
        return true;
    }

    private static void write(Path root, RandomGenerator random, int step) throws IOException {
        int file = random.nextInt(FILES);
        var path = root.resolve("f" + file + ".yaml");
        var content = content(file, step);
        switch (random.nextInt(7)) {
            case 0 -> Files.writeString(path, content);
            case 1 -> writeInPieces(path, content, random);
            case 2 -> {
                var temporary = root.resolve(".f" + file + ".tmp");
                Files.writeString(temporary, content);
                Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
            }
            case 3 -> {
                // Move away, make anew, remove the old one.
                var backup = root.resolve("f" + file + ".yaml~");
                if (Files.exists(path)) {
                    Files.move(path, backup, StandardCopyOption.REPLACE_EXISTING);
                }
                writeInPieces(path, content, random);
                Files.deleteIfExists(backup);
            }
            case 4 -> Files.deleteIfExists(path);
            case 5 -> Files.writeString(root.resolve(".f" + file + ".yaml.swp"), "garbage");
            default -> {
                Files.writeString(path, "BROKEN\n");
                writeInPieces(path, content, random);
            }
        }
    }

    private static void writeInPieces(Path path, String content, RandomGenerator random) throws IOException {
        var bytes = content.getBytes(StandardCharsets.UTF_8);
        try (var out = Files.newOutputStream(path)) {
            int at = 0;
            while (at < bytes.length) {
                int length = Math.min(bytes.length - at, 1 + random.nextInt(40));
                out.write(bytes, at, length);
                out.flush();
                at += length;
                int spin = random.nextInt(3) == 0 ? random.nextInt(300_000) : 0;
                for (int i = 0; i < spin; i++) {
                    Thread.onSpinWait();
                }
            }
        }
    }
}
