package io.sallyport.config.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.config.testing.FakeReader;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RevisionLogTest {

    private static final Instant NOW = Instant.parse("2026-03-04T05:06:07.890Z");

    @TempDir
    Path folder;

    private Instant now = NOW;
    private final InstantSource clock = () -> now;
    private final List<RevisionLog> logs = new ArrayList<>();
    private final List<FailingStore> stores = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        var store = new FailingStore(SqliteRevisionStore.open(folder.resolve("config.db"), clock));
        stores.add(store);
        logs.add(RevisionLog.open(store, new FakeReader(), accepted -> ByteString.EMPTY, clock));
    }

    @AfterEach
    void close() {
        log().close();
    }

    private RevisionLog log() {
        return logs.getLast();
    }

    private void restart() throws Exception {
        close();
        open();
    }

    private static ObjectRef gateway(String name) {
        return new ObjectRef(Kind.GATEWAY, "shop", name);
    }

    private Outcome apply(String... texts) throws Exception {
        var objects = new ArrayList<ConfigObject<?>>();
        for (var text : texts) {
            objects.add(FakeReader.object(text));
        }
        return log().submit(ChangeRequest.of(Owner.API, "api", "", objects, List.of()));
    }

    private Outcome delete(String name) throws Exception {
        return log().submit(ChangeRequest.of(Owner.API, "api", "", List.of(), List.of(gateway(name))));
    }

    private Age age(String name) {
        return log().published().state().find(gateway(name)).orElseThrow().age();
    }

    @Test
    void ageIsFixedAtTheFirstAcceptance() throws Exception {
        apply("Gateway shop/a one");
        now = NOW.plusSeconds(100);
        apply("Gateway shop/a two");
        restart();
        apply("Gateway shop/a three");

        assertThat(age("a")).isEqualTo(new Age(Instant.parse("2026-03-04T05:06:07Z"), 1, "test.yaml", 0));
    }

    @Test
    void whatWasDeletedAndReturnsIsNew() throws Exception {
        apply("Gateway shop/a one");
        now = NOW.plusSeconds(100);
        delete("a");
        apply("Gateway shop/a one");

        assertThat(age("a").created()).isEqualTo(Instant.parse("2026-03-04T05:07:47Z"));
        assertThat(age("a").revision()).isEqualTo(3);
    }

    @Test
    @Tag("H30")
    void aCreationTimeOfItsOwnCountsUnlessItIsInTheFuture() throws Exception {
        apply("Gateway shop/past created=2020-01-01T00:00:00Z", "Gateway shop/future created=9999-01-01T00:00:00Z");

        assertThat(age("past").created()).isEqualTo(Instant.parse("2020-01-01T00:00:00Z"));
        assertThat(age("future").created()).isEqualTo(Instant.parse("2026-03-04T05:06:07Z"));
    }

    @Test
    void anObjectBelongsToWhoBroughtIt() throws Exception {
        apply("Gateway shop/a");

        var outcome =
                log().submit(ChangeRequest.of(Owner.KUBERNETES, "kubernetes", "", List.of(), List.of(gateway("a"))));

        assertThat(outcome).isEqualTo(new Outcome.Foreign(gateway("a"), Owner.API));
    }

    @Test
    void anObjectMayOccurOnceInARequest() throws Exception {
        assertThat(apply("Gateway shop/a one", "Gateway shop/a two")).isEqualTo(new Outcome.Twice(gateway("a")));
    }

    @Test
    @Tag("F10")
    void aFullDiskRefusesWritesNamesTheCurrentRevisionAndReadsGoOn() throws Exception {
        apply("Gateway shop/a one");
        stores.getLast().full = true;

        assertThatThrownBy(() -> apply("Gateway shop/a two"))
                .isInstanceOf(StoreUnavailableException.class)
                .hasMessage("revision log: cannot append r2: disk full; current is r1");
        assertThat(log().published().state().revision()).isEqualTo(1);
        assertThat(log().isFailing()).isTrue();

        stores.getLast().full = false;
        assertThat(apply("Gateway shop/a two")).isInstanceOf(Outcome.Accepted.class);
        assertThat(log().isFailing()).isFalse();
    }

    @Test
    @Tag("F10")
    void whoRunsBesideHearsOfARevisionBeforeItIsStoredAndAgainOnlyOnceItIs() throws Exception {
        var heard = new ArrayList<String>();
        log().listen(new RevisionListener() {
            @Override
            public void storing(ConfigImage image) {
                heard.add("storing r%d of %d, r%d is current"
                        .formatted(
                                image.revision(),
                                image.size(),
                                log().published().state().revision()));
            }

            @Override
            public void stored(ConfigImage image, Instant made, String traceParent) {
                heard.add("stored r%d of %d, r%d is current"
                        .formatted(
                                image.revision(),
                                image.size(),
                                log().published().state().revision()));
            }
        });
        apply("Gateway shop/a one");
        stores.getLast().full = true;
        assertThatThrownBy(() -> apply("Gateway shop/b two", "Gateway shop/c two"))
                .isInstanceOf(StoreUnavailableException.class);
        stores.getLast().full = false;
        apply("Gateway shop/b three");

        assertThat(heard)
                .containsExactly(
                        "storing r1 of 1, r0 is current",
                        "stored r1 of 1, r1 is current",
                        "storing r2 of 3, r1 is current",
                        "storing r2 of 2, r1 is current",
                        "stored r2 of 2, r2 is current");
        assertThat(log().image(2)).containsSame(log().published().state().image());
    }

    @Test
    @Tag("V25")
    void anObjectThatCanNoLongerBeReadIsWithheldAlone() throws Exception {
        apply("Gateway shop/a one", "Gateway shop/b one");
        close();
        var pickier = new FakeReader() {
            @Override
            public Document read(io.sallyport.model.SourceDocument source) {
                return source.text().contains("shop/a")
                        ? super.read(FakeReader.source(source.name(), 1, 0, source.text() + " UNREADABLE"))
                        : super.read(source);
            }
        };

        logs.add(RevisionLog.open(
                SqliteRevisionStore.open(folder.resolve("config.db"), clock),
                pickier,
                accepted -> ByteString.EMPTY,
                clock));

        log().awaitJudged();
        var published = log().published();
        assertThat(published.state().image().find(gateway("a"))).isEmpty();
        assertThat(published.state().image().find(gateway("b"))).isPresent();
        assertThat(published.findings())
                .anySatisfy(finding -> assertThat(finding.location().object()).isEqualTo(gateway("a")));
        assertThat(published.state().find(gateway("a"))).isPresent();
    }

    @Test
    void manyAtOnceGetRevisionsOfTheirOwn() throws Exception {
        var revisions = new ConcurrentSkipListSet<Long>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var running = new ArrayList<Future<?>>();
            for (int i = 0; i < 200; i++) {
                int number = i;
                running.add(threads.submit(() -> {
                    var accepted = (Outcome.Accepted) apply("Gateway shop/g" + number);
                    return revisions.add(accepted.revision());
                }));
            }
            for (var task : running) {
                task.get();
            }
        }
        restart();

        assertThat(revisions).hasSize(200);
        assertThat(log().published().state().revision()).isEqualTo(200);
        assertThat(log().verify()).isEmpty();
    }

    /// Random requests, restarts and full disks; after each step the log must say what a plain map says.
    @Test
    @Tag("F7")
    void theLogIsAMapWithAHistory() throws Exception {
        int steps = Boolean.getBoolean("sallyport.nightly") ? 20_000 : 600;
        long seed = Long.getLong("sallyport.seed", 20261121L);
        var random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        var expected = new TreeMap<ObjectRef, String>();
        var follower = new TreeMap<ObjectRef, String>();
        long followed = 0;
        for (int step = 0; step < steps; step++) {
            long before = log().published().state().revision();
            step(random, expected);
            var state = log().published().state();
            var texts = new TreeMap<ObjectRef, String>();
            state.objects()
                    .forEach((ref, object) -> texts.put(ref, object.source().text()));
            assertThat(texts).as("seed %d, step %d", seed, step).isEqualTo(expected);
            assertThat(state.image().size()).isEqualTo(expected.size());
            assertThat(state.revision()).isBetween(before, before + 1);
            if (random.nextInt(5) == 0) {
                state.since(followed).orElseThrow().forEach((ref, object) -> {
                    if (object.isPresent()) {
                        follower.put(ref, object.get().source().text());
                    } else {
                        follower.remove(ref);
                    }
                });
                followed = state.revision();
                assertThat(follower)
                        .as("follower, seed %d, step %d", seed, step)
                        .isEqualTo(expected);
            }
        }
        assertThat(log().verify()).isEmpty();
    }

    private void step(RandomGenerator random, Map<ObjectRef, String> expected) throws Exception {
        var name = "g" + random.nextInt(12);
        int choice = random.nextInt(20);
        if (choice == 0) {
            restart();
            log().awaitJudged();
        } else if (choice == 1) {
            stores.getLast().full = true;
            assertThatThrownBy(() -> apply("Gateway shop/full " + random.nextInt()))
                    .isInstanceOf(StoreUnavailableException.class);
            stores.getLast().full = false;
        } else if (choice < 6) {
            delete(name);
            expected.remove(gateway(name));
        } else {
            var text = "Gateway shop/" + name + " " + random.nextInt(3);
            var other = "Gateway shop/h" + random.nextInt(5) + " " + random.nextInt(3);
            apply(text, other);
            expected.put(gateway(name), text);
            expected.put(FakeReader.object(other).ref(), other);
        }
    }
}
