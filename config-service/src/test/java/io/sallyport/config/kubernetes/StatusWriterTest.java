package io.sallyport.config.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.sallyport.cluster.TestCluster;
import io.sallyport.model.Kind;
import io.sallyport.proto.xds.v1.ListProxiesRequest;
import io.sallyport.proto.xds.v1.ListProxiesResponse;
import io.sallyport.proto.xds.v1.Proxy;
import io.sallyport.proto.xds.v1.ProxyServiceGrpc;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatusWriterTest {

    private static final int LEASE_SEEDS = Boolean.getBoolean("sallyport.nightly") ? 200 : 2;

    @TempDir
    Path folder;

    private final TestCluster cluster = TestCluster.start();
    private final String shop = cluster.namespace("shop");
    private final List<AutoCloseable> open = new ArrayList<>();
    private final AtomicReference<ListProxiesResponse> proxies =
            new AtomicReference<>(ListProxiesResponse.getDefaultInstance());

    @AfterEach
    void stop() throws Exception {
        for (var each : open.reversed()) {
            each.close();
        }
        cluster.close();
    }

    private Followed follow() throws Exception {
        var followed = Followed.start(cluster, folder, shop);
        open.add(followed);
        return followed.ready();
    }

    private ManagedChannel xds() throws Exception {
        var name = "xds-" + shop;
        var server = InProcessServerBuilder.forName(name)
                .addService(new ProxyServiceGrpc.ProxyServiceImplBase() {
                    @Override
                    public void listProxies(ListProxiesRequest request, StreamObserver<ListProxiesResponse> answer) {
                        answer.onNext(proxies.get());
                        answer.onCompleted();
                    }
                })
                .build()
                .start();
        open.add(server::shutdownNow);
        var channel = InProcessChannelBuilder.forName(name).build();
        open.add(channel::shutdownNow);
        return channel;
    }

    private KubernetesClient client() throws Exception {
        var client = cluster.settings().connect("test");
        open.add(client);
        return client;
    }

    private void write(Followed followed) throws Exception {
        followed.write("one", Optional.of(xds()));
    }

    private void apply(String name, String gateway, String domain) {
        cluster.apply("""
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: %s, namespace: %s}
                spec: {hosts: ["%s%s"], gateways: [%s], http: [{route: [{destination: {host: cart}}]}]}
                """.formatted(name, shop, name, domain, gateway));
    }

    private String status(String name) {
        return cluster.find("networking.istio.io/v1", "VirtualService", shop, name)
                .map(object -> object.getAdditionalProperties().get("status"))
                .map(status -> status instanceof Map<?, ?> map ? words(map) : "no map")
                .orElse("none");
    }

    private String version(String name) {
        return cluster.find("networking.istio.io/v1", "VirtualService", shop, name)
                .map(object -> object.getMetadata().getResourceVersion())
                .orElseThrow();
    }

    private static String words(Map<?, ?> status) {
        var words = new StringBuilder("generation " + status.get("observedGeneration"));
        if (status.get("conditions") instanceof List<?> conditions) {
            for (var each : conditions) {
                var condition = (Map<?, ?>) each;
                words.append(" | ").append(condition.get("type")).append('=').append(condition.get("status"));
                words.append(' ').append(condition.get("reason")).append(": ").append(condition.get("message"));
            }
        }
        return words.toString();
    }

    private void awaitStatus(String name, String part) {
        Followed.await(part, () -> status(name).contains(part), () -> status(name));
    }

    private static Proxy proxy(String name, long revision) {
        return Proxy.newBuilder()
                .setName(name)
                .setNamespace("istio-system")
                .setAcknowledgedRevision(revision)
                .build();
    }

    @Test
    void objectsSayWhatBecameOfThem() throws Exception {
        cluster.install(Kind.VIRTUAL_SERVICE, Kind.GATEWAY);
        cluster.apply("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: %s}
                spec:
                  selector: {istio: ingressgateway}
                  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
                """.formatted(shop));
        apply("cart", "mesh", ".test");
        apply("lost", "nowhere", ".test");
        apply("broken", "mesh", "..test");
        var followed = follow();
        proxies.set(ListProxiesResponse.newBuilder()
                .addProxies(proxy("a", followed.revision()))
                .addProxies(proxy("b", 0))
                .build());

        write(followed);

        awaitStatus("cart", "Accepted=True Accepted: accepted as r1");
        awaitStatus("cart", "Resolved=True");
        awaitStatus("cart", "Programmed=False Pending: on 1 of 2 proxies at revision r1");
        awaitStatus("cart", "generation 1 ");
        awaitStatus("lost", "Resolved=False SP2101: withheld: SP2101");
        awaitStatus("broken", "Accepted=False SP1201: SP1201 spec.hosts[0]");
        awaitStatus("broken", "nothing of it is in force");

        proxies.set(ListProxiesResponse.newBuilder()
                .addProxies(proxy("a", followed.revision()))
                .addProxies(proxy("b", followed.revision()))
                .build());
        awaitStatus("cart", "Programmed=True Programmed: on 2 of 2 proxies at revision r1");
        apply("broken", "mesh", ".test");
        awaitStatus("broken", "generation 2 | Accepted=True Accepted: accepted as r");
    }

    @Test
    @Tag("F25")
    void statusMakesNoRevisionAndIsWrittenOnceWhileNothingChanges() throws Exception {
        cluster.install(Kind.VIRTUAL_SERVICE);
        apply("cart", "mesh", ".test");
        var followed = follow();
        var revision = followed.revision();
        write(followed);
        awaitStatus("cart", "Programmed=False NoProxies");
        var version = version("cart");

        apply("list", "mesh", ".test");
        awaitStatus("list", "Programmed=False NoProxies");

        assertThat(version("cart")).isEqualTo(version);
        assertThat(followed.revision()).isEqualTo(revision + 1);
    }

    @Test
    void conditionsOfOthersStay() throws Exception {
        cluster.install(Kind.VIRTUAL_SERVICE);
        apply("cart", "mesh", ".test");
        var object = cluster.find("networking.istio.io/v1", "VirtualService", shop, "cart")
                .orElseThrow();
        object.setAdditionalProperty(
                "status",
                Map.of("conditions", List.of(Map.of("type", "Reconciled", "status", "True", "reason", "Other"))));
        cluster.client().resource(object).updateStatus();

        write(follow());

        awaitStatus("cart", "Accepted=True");
        assertThat(status("cart")).contains("Reconciled=True Other");
    }

    /// A clock that stands still until it is moved.
    private static final class HandClock implements InstantSource {
        private Instant now = Instant.parse("2026-06-01T00:00:00Z");

        @Override
        public Instant instant() {
            return now;
        }

        void pass(Duration time) {
            now = now.plus(time);
        }
    }

    @Test
    @Tag("F16")
    @Tag("F17")
    void leaderThatWasStoppedKnowsThatItIsNoneAnyMore() throws Exception {
        var ones = new HandClock();
        var others = new HandClock();
        others.pass(Duration.ofHours(-1));
        var one = new Leadership(client(), shop, "lease", "one", InstantSource.system(), ones);
        var other = new Leadership(client(), shop, "lease", "other", InstantSource.system(), others);

        assertThat(one.renew()).isTrue();
        assertThat(other.renew()).isFalse();
        others.pass(Duration.ofSeconds(14));
        assertThat(other.renew()).isFalse();
        ones.pass(Duration.ofSeconds(5));
        assertThat(one.renew()).isTrue();
        others.pass(Duration.ofSeconds(14));
        assertThat(other.renew()).as("renewed meanwhile").isFalse();

        others.pass(Duration.ofSeconds(16));
        assertThat(other.renew()).isTrue();
        ones.pass(Duration.ofSeconds(60));
        assertThat(one.isHeld()).isFalse();
        assertThat(one.renew()).isFalse();
        other.release();
        assertThat(one.renew()).isTrue();
    }

    /// A replica: its steady clock runs faster or slower than others', its wall clock is set as somebody likes.
    private final class Contender {

        private final HandClock wall = new HandClock();
        private final HandClock steady = new HandClock();
        private final Leadership leadership;
        private long frozenFor;

        Contender(KubernetesClient client, String lease, String name) {
            leadership = new Leadership(client, shop, lease, name, wall, steady);
        }

        void pass(Duration time) {
            wall.pass(time);
            steady.pass(time);
            frozenFor = Math.max(0, frozenFor - time.toMillis());
        }

        // Who is frozen does not ask itself; who thaws asks first.
        boolean acts() {
            return frozenFor == 0 && leadership.isHeld();
        }
    }

    /// Clocks that drift, that are set by hours, and processes that stand still: never do two act.
    @Test
    @Tag("F16")
    @Tag("F17")
    void noTwoLeadWhateverBecomesOfTheirClocks() throws Exception {
        var client = client();
        var everLed = new TreeSet<Integer>();
        for (long seed = 0; seed < LEASE_SEEDS; seed++) {
            var random = new Random(seed);
            var lease = "contended-" + seed;
            var contenders = Stream.of("one", "two", "three")
                    .map(name -> new Contender(client, lease, name))
                    .toList();
            for (int step = 0; step < 60; step++) {
                var leaders = new ArrayList<Integer>();
                for (int i = 0; i < contenders.size(); i++) {
                    var each = contenders.get(i);
                    // One second, give or take the worst drift of a quartz.
                    each.pass(Duration.ofMillis(1_000 + random.nextInt(-1, 2)));
                    switch (random.nextInt(20)) {
                        case 0 -> each.wall.pass(Duration.ofMinutes(random.nextInt(-60, 61)));
                        case 1 -> each.frozenFor = 1_000L * random.nextInt(1, 30);
                        default -> {
                            if (each.frozenFor == 0 && random.nextBoolean()) {
                                each.leadership.renew();
                            }
                        }
                    }
                    if (each.acts()) {
                        leaders.add(i);
                    }
                }
                assertThat(leaders)
                        .as("leaders with seed %d at step %d", seed, step)
                        .hasSizeLessThan(2);
                everLed.addAll(leaders);
            }
        }
        assertThat(everLed).as("it has gone from one to another").hasSizeGreaterThan(1);
    }
}
