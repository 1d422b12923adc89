package io.sallyport.config.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.sallyport.config.testing.FakeReader;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.ObjectRef;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// One byte of the files is flipped, anywhere. Afterwards the log says what it said before, or names the damage and
/// goes on with versions that were once accepted; it never serves what nobody wrote.
class CorruptionIsFound {

    private static final int FLIPS = Boolean.getBoolean("sallyport.nightly") ? 10_000 : 60;
    private static final int REVISIONS = 40;
    private static final int PAGE = 4_096;
    // Of each table one, and of Flyway's. Its first letter becomes another one, or none.
    private static final List<String> NAMES =
            List.of("installed_rank", "number", "age_revision", "current_object", "response");
    private static final List<String> FILES = List.of("config.db", "config.db-wal", "config.db.head");

    @TempDir
    Path folder;

    private final Map<ObjectRef, Set<String>> versions = new HashMap<>();
    private final Map<Long, Map<ObjectRef, String>> byRevision = new TreeMap<>();

    @Test
    @Tag("F9")
    void aFlippedByteIsHarmlessOrNamed() throws Exception {
        long seed = Long.getLong("sallyport.seed", 9L);
        var random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        var good = Files.createDirectories(folder.resolve("good"));
        var closed = Files.createDirectories(folder.resolve("closed"));
        try (var log = open(good)) {
            fill(log, random);
            // While it is open: with its write-ahead log, as after a kill.
            copy(good, folder.resolve("killed"));
        }
        copy(good, closed);
        int named = 0;
        for (int flip = 0; flip < FLIPS; flip++) {
            var from = flip % 2 == 0 ? closed : folder.resolve("killed");
            var work = folder.resolve("work");
            delete(work);
            copy(from, work);
            var what = "seed " + seed + ", flip " + flip + ": " + flip(work, random);
            named += check(work, what) ? 1 : 0;
        }
        assertThat(named).as("some flips must have hit something").isPositive();
    }

    /// What the tables are called is the same in every log, so nothing is lost with it.
    @Test
    @Tag("F9")
    void damageToTheNamesOfTablesCostsNoRevision() throws Exception {
        var random = RandomGeneratorFactory.of("L64X128MixRandom").create(10);
        var good = Files.createDirectories(folder.resolve("good"));
        try (var log = open(good)) {
            fill(log, random);
        }
        var text = Files.readString(good.resolve("config.db"), StandardCharsets.ISO_8859_1);
        int named = 0;
        for (var word : NAMES) {
            // In the statements that made the tables, and beside them.
            for (int at = text.indexOf(word); at >= 0 && at < PAGE; at = text.indexOf(word, at + 1)) {
                var work = folder.resolve("work");
                delete(work);
                copy(good, work);
                var bytes = Files.readAllBytes(work.resolve("config.db"));
                bytes[at] ^= 1;
                Files.write(work.resolve("config.db"), bytes);

                var what = word + " at byte " + at;
                named += check(work, what) ? 1 : 0;
                try (var log = open(work)) {
                    assertThat(texts(log)).as(what).isEqualTo(byRevision.get((long) REVISIONS));
                    log.submit(ChangeRequest.of(
                            Owner.API, "api", what, List.of(FakeReader.object("Gateway shop/more 1")), List.of()));
                }
            }
        }
        assertThat(named).as("damage that was found").isGreaterThanOrEqualTo(NAMES.size());
    }

    private static Map<ObjectRef, String> texts(RevisionLog log) {
        var texts = new TreeMap<ObjectRef, String>();
        log.published()
                .state()
                .objects()
                .forEach((ref, object) -> texts.put(ref, object.source().text()));
        return texts;
    }

    private static RevisionLog open(Path folder) throws StoreUnavailableException {
        return RevisionLog.open(
                new StoreSettings.Sqlite(folder.resolve("config.db")),
                new FakeReader(),
                accepted -> ByteString.EMPTY,
                InstantSource.system());
    }

    private void fill(RevisionLog log, RandomGenerator random) throws Exception {
        for (int i = 0; i < REVISIONS; i++) {
            var objects = new ArrayList<ConfigObject<?>>();
            for (int object = 0; object < 1 + random.nextInt(3); object++) {
                var text = "Gateway shop/g" + (object * 5 + random.nextInt(5)) + " r" + i + " "
                        + "x".repeat(random.nextInt(800));
                objects.add(FakeReader.object(text));
            }
            log.submit(ChangeRequest.of(Owner.API, "api", "change " + i, objects, List.of()));
            var texts = new TreeMap<ObjectRef, String>();
            log.published().state().objects().forEach((ref, object) -> {
                texts.put(ref, object.source().text());
                versions.computeIfAbsent(ref, absent -> new TreeSet<>())
                        .add(object.source().text());
            });
            byRevision.put(log.published().state().revision(), texts);
        }
    }

    /// Whether the damage was named.
    private boolean check(Path work, String what) throws Exception {
        try (var log = open(work)) {
            var state = log.published().state();
            var texts = texts(log);
            texts.forEach((ref, text) -> assertThat(versions.get(ref)).as(what).contains(text));
            boolean named = state.head().message().startsWith("recovered from damage");
            if (named) {
                assertThat(state.revision()).as(what).isGreaterThan(REVISIONS);
                return true;
            }
            assertThat(state.revision()).as(what).isEqualTo(REVISIONS);
            assertThat(texts).as(what).isEqualTo(byRevision.get((long) REVISIONS));
            return checkHistory(log, what) || !log.verify().isEmpty();
        }
    }

    // Old revisions are answered as they were, or not at all.
    private boolean checkHistory(RevisionLog log, String what) throws Exception {
        boolean named = false;
        for (var revision : byRevision.entrySet()) {
            for (var ref : versions.keySet()) {
                try {
                    var found = log.find(ref, revision.getKey())
                            .map(object -> object.source().text());
                    assertThat(found)
                            .as("%s: %s at r%d", what, ref, revision.getKey())
                            .isEqualTo(Optional.ofNullable(revision.getValue().get(ref)));
                } catch (StoreDamagedException | StoreUnavailableException e) {
                    named = true;
                }
            }
        }
        return named;
    }

    private static String flip(Path work, RandomGenerator random) throws Exception {
        var candidates = new ArrayList<Path>();
        for (var name : FILES) {
            if (Files.exists(work.resolve(name)) && Files.size(work.resolve(name)) > 0) {
                candidates.add(work.resolve(name));
            }
        }
        var file = candidates.get(random.nextInt(candidates.size()));
        var bytes = Files.readAllBytes(file);
        int at = random.nextInt(bytes.length);
        int bit = random.nextInt(8);
        bytes[at] ^= (byte) (1 << bit);
        Files.write(file, bytes);
        return file.getFileName() + " byte " + at + " bit " + bit;
    }

    private static void copy(Path from, Path to) throws Exception {
        Files.createDirectories(to);
        for (var name : FILES) {
            if (Files.exists(from.resolve(name))) {
                Files.copy(from.resolve(name), to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private static void delete(Path folder) throws Exception {
        if (Files.exists(folder)) {
            try (var files = Files.list(folder)) {
                for (var file : files.toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
