package io.sallyport.xds.publish;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.Inspections;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.Metadata;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.SourceDocument;
import io.sallyport.model.Spec;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceType;
import io.sallyport.xds.discovery.Made;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class PublisherTest {

    private record Text(String text) implements Spec {}

    private final BlockingQueue<Boolean> wakes = new LinkedBlockingQueue<>();

    private final AtomicInteger translations = new AtomicInteger();
    private final CountDownLatch gate = new CountDownLatch(1);
    private volatile boolean gated;
    private final BlockingQueue<ConfigImage> prepared = new LinkedBlockingQueue<>();
    private final Publisher publisher =
            new Publisher(ByName::new, InstantSource.fixed(Instant.parse("2026-01-01T00:00:00Z")));
    private ConfigImage image = ConfigImage.EMPTY;

    private void wake() {
        wakes.add(true);
    }

    @AfterEach
    void close() {
        gate.countDown();
        publisher.close();
    }

    // One listener for each object; "poison" throws, and "poison edge" for proxies of that name alone.
    private final class ByName implements Translation {

        @Override
        public EnvoyResources translate(ConfigImage image, ProxyClass proxies) {
            translations.incrementAndGet();
            if (gated) {
                awaitGate();
            }
            var listeners = new ArrayList<EnvoyResource>();
            for (var object : image.objects()) {
                var text = ((Text) object.spec()).text();
                if (text.equals("poison") || text.equals("poison " + proxies.name())) {
                    throw new IllegalStateException("cannot translate " + object.ref());
                }
                if (text.equals("deep")) {
                    throw new StackOverflowError();
                }
                listeners.add(Made.resource(ResourceType.LISTENER, object.name(), text));
            }
            return EnvoyResources.EMPTY.with(image.revision(), listeners, Map.of());
        }

        @Override
        public void prepare(ConfigImage image, ProxyClass proxies) {
            translate(image, proxies);
            prepared.add(image);
        }

        @Override
        public void forget(ProxyClass proxies) {}

        private void awaitGate() {
            try {
                gate.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Test
    @Tag("V25")
    void poisonInTheStoreIsWithheldAloneAndTheRestIsServed() throws Exception {
        var board = publisher.join(proxies("edge"), this::wake).orElseThrow();
        var objects = new ArrayList<ConfigObject<?>>();
        for (int i = 0; i < 2_000; i++) {
            objects.add(object("o" + i, i == 77 || i == 1_500 ? "poison" : "good"));
        }
        objects.add(object("deep", "deep"));
        offer(objects);

        var snapshot = await(board, 1);

        assertThat(snapshot.resources().all(ResourceType.LISTENER))
                .hasSize(1_998)
                .doesNotContainKeys("o77", "o1500");
        assertThat(publisher.poisoned())
                .extracting(poison -> poison.object().name())
                .containsExactly("deep", "o1500", "o77");
        assertThat(publisher.failures()).isPositive();
    }

    @Test
    @Tag("V25")
    void poisonThatIsMendedIsServedAgain() throws Exception {
        var board = publisher.join(proxies("edge"), this::wake).orElseThrow();
        offer(List.of(object("a", "good"), object("b", "poison")));
        await(board, 1);
        offer(List.of(object("b", "good")));

        assertThat(await(board, 2).resources().all(ResourceType.LISTENER)).containsKeys("a", "b");
        assertThat(publisher.poisoned()).isEmpty();
    }

    @Test
    @Tag("V25")
    void poisonForOneClassOfProxiesIsServedToTheOthers() throws Exception {
        var edge = publisher.join(proxies("edge"), this::wake).orElseThrow();
        var other = publisher.join(proxies("other"), this::wake).orElseThrow();
        offer(List.of(object("a", "good"), object("b", "poison edge")));

        assertThat(await(edge, 1).resources().all(ResourceType.LISTENER)).containsOnlyKeys("a");
        assertThat(await(other, 1).resources().all(ResourceType.LISTENER)).containsOnlyKeys("a", "b");
    }

    @Test
    void imagesThatComeWhileItTranslatesAreMerged() throws Exception {
        gated = true;
        var board = publisher.join(proxies("edge"), this::wake).orElseThrow();
        offer(List.of(object("a", "1")));
        while (translations.get() == 0) {
            Thread.onSpinWait();
        }
        for (int i = 2; i <= 100; i++) {
            offer(List.of(object("a", String.valueOf(i))));
        }
        gate.countDown();

        await(board, 100);

        assertThat(translations.get()).isEqualTo(2);
    }

    @Test
    void whatIsPreparedIsShownToNobodyUntilItComes() throws Exception {
        var board = publisher.join(proxies("edge"), this::wake).orElseThrow();
        offer(List.of(object("a", "1")));
        await(board, 1);
        var next = image.with(2, List.of(object("a", "2")), List.of());
        publisher.prepare(next);

        assertThat(prepared.poll(20, TimeUnit.SECONDS)).isSameAs(next);
        assertThat(board.newest()).isNotNull().extracting(Snapshot::revision).isEqualTo(1L);
        assertThat(publisher.revision()).isEqualTo(1);
        assertThat(publisher.image()).isSameAs(image);

        image = next;
        publisher.offer(image);

        assertThat(await(board, 2).resources().all(ResourceType.LISTENER)).containsOnlyKeys("a");
    }

    @Test
    @Tag("V25")
    void poisonThatIsPreparedHurtsNobodyAndIsWithheldWhenItComes() throws Exception {
        var board = publisher.join(proxies("edge"), this::wake).orElseThrow();
        offer(List.of(object("a", "good")));
        await(board, 1);
        publisher.prepare(image.with(2, List.of(object("b", "poison")), List.of()));
        offer(List.of(object("b", "poison"), object("c", "good")));

        assertThat(await(board, 2).resources().all(ResourceType.LISTENER)).containsOnlyKeys("a", "c");
        assertThat(publisher.poisoned()).hasSize(1);
    }

    @Test
    void proxiesOfOneClassShareOneTranslation() throws Exception {
        var one = publisher.join(proxies("edge"), this::wake).orElseThrow();
        var two = publisher.join(proxies("edge"), () -> {}).orElseThrow();
        offer(List.of(object("a", "1")));
        await(one, 1);

        assertThat(two).isSameAs(one);
        assertThat(translations.get()).isEqualTo(1);
    }

    @Test
    void classesThatNobodyTellsApartShareTheirSnapshots() throws Exception {
        InstantSource clock = InstantSource.fixed(Instant.EPOCH);
        try (var real = new Publisher(() -> new JudgedTranslation(new Inspections(), clock), clock)) {
            var one = real.join(proxies("one"), this::wake).orElseThrow();
            var two = real.join(proxies("two"), this::wake).orElseThrow();
            real.offer(ConfigImage.EMPTY.with(1, List.of(), List.of()));
            var first = await(one, 1);
            assertThat(await(two, 1)).isSameAs(first);

            real.offer(ConfigImage.EMPTY.with(2, List.of(), List.of()));
            var second = await(one, 2);
            assertThat(await(two, 2)).isSameAs(second).isNotSameAs(first);

            var three = real.join(proxies("three"), this::wake).orElseThrow();
            assertThat(await(three, 2)).isSameAs(second);
        }
    }

    @Test
    @Tag("M13")
    void kindsOfProxyAreBounded() {
        for (int i = 0; i < Publisher.MAX_CLASSES; i++) {
            assertThat(publisher.join(proxies("edge" + i), this::wake)).isPresent();
        }

        assertThat(publisher.join(proxies("one-more"), this::wake)).isEmpty();
    }

    @Test
    @Tag("M13")
    void waysToListenAreBoundedInEachNamespace() {
        for (int i = 0; i < Publisher.MAX_WAYS; i++) {
            assertThat(publisher.join(listening("shop", i), this::wake)).isPresent();
        }

        assertThat(publisher.join(listening("shop", Publisher.MAX_WAYS), this::wake))
                .isEmpty();
        assertThat(publisher.join(listening("shop", 7), this::wake)).isPresent();
        assertThat(publisher.join(listening("team", Publisher.MAX_WAYS), this::wake))
                .isPresent();
    }

    @Test
    void aStreamThatIsManyStepsBehindLearnsAllThatDiffers() {
        var snapshots = new ArrayList<Snapshot>();
        var resources = Made.resources(1, Made.resource(ResourceType.LISTENER, "l0", "1"));
        snapshots.add(Snapshot.first(resources));
        for (int i = 1; i < 3 * Snapshot.STEPS; i++) {
            resources = Made.with(resources, Made.resource(ResourceType.LISTENER, "l" + i, "1"));
            snapshots.add(snapshots.getLast().next(resources));
        }
        for (int behind : new int[] {0, 1, 2, Snapshot.STEPS, Snapshot.STEPS + 1, 3 * Snapshot.STEPS - 1}) {
            var base = snapshots.get(snapshots.size() - 1 - behind);

            assertThat(snapshots.getLast().changesSince(base, ResourceType.LISTENER))
                    .hasSize(behind);
        }
    }

    private Snapshot await(Board board, long revision) throws InterruptedException {
        while (true) {
            var newest = board.newest();
            if (newest != null && newest.revision() == revision) {
                return newest;
            }
            assertThat(wakes.poll(20, TimeUnit.SECONDS)).isNotNull();
        }
    }

    private void offer(List<? extends ConfigObject<?>> objects) {
        image = image.with(image.revision() + 1, objects, List.of());
        publisher.offer(image);
    }

    private static ConfigObject<?> object(String name, String text) {
        return new ConfigObject<>(
                new ObjectRef(Kind.GATEWAY, "shop", name),
                new Metadata("networking.istio.io/v1", new TreeMap<>(), new TreeMap<>(), null),
                new Text(text),
                new SourceDocument("shop.yaml", 1, 0, "", ""),
                Age.NONE);
    }

    private static ProxyClass listening(String namespace, int port) {
        return new ProxyClass(
                ProxyClass.Role.ROUTER,
                namespace,
                "edge",
                new TreeMap<>(),
                new TreeMap<>(Map.of("80", port)),
                "127.0.0.1",
                true);
    }

    private static ProxyClass proxies(String name) {
        return new ProxyClass(
                ProxyClass.Role.ROUTER, "shop", name, new TreeMap<>(), new TreeMap<>(), "127.0.0.1", true);
    }
}
