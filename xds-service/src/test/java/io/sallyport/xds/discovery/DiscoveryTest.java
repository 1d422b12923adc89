package io.sallyport.xds.discovery;

import static io.sallyport.translation.ResourceType.CLUSTER;
import static io.sallyport.translation.ResourceType.LISTENER;
import static io.sallyport.translation.ResourceType.ROUTES;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class DiscoveryTest {

    private static final String EDGE = "router~127.0.0.1~edge.shop~shop.svc.cluster.local";

    private final House house;

    DiscoveryTest() throws IOException {
        house = new House();
    }

    @AfterEach
    void close() {
        house.close();
    }

    @Test
    void aChangeReachesEveryProxyOfItsClass() throws Exception {
        house.publish(_ -> Made.resources(1, Made.resource(CLUSTER, "a", "1"), Made.resource(LISTENER, "l", "1")));
        var envoys = new ArrayList<FakeEnvoy>();
        for (int i = 0; i < 20; i++) {
            var envoy = new FakeEnvoy("router~10.0.0." + i + "~edge.shop~shop.svc.cluster.local");
            envoy.subscribe(CLUSTER);
            envoy.subscribe(LISTENER);
            envoy.connect(house.channel());
            envoy.untilHolds(LISTENER, "l");
            envoys.add(envoy);
        }
        assertThat(house.publisher.classes()).isEqualTo(1);

        house.publish(before -> Made.with(before, Made.resource(LISTENER, "m", "1")));

        for (var envoy : envoys) {
            envoy.untilHolds(LISTENER, "l", "m");
            assertThat(envoy.received().getLast().getResourcesCount()).isEqualTo(1);
            envoy.close();
        }
    }

    @Test
    void nothingIsAnsweredBeforeTheFirstRevisionIsKnown() throws Exception {
        var envoy = new FakeEnvoy(EDGE);
        envoy.subscribe(LISTENER);
        envoy.connect(house.channel());
        house.publish(_ -> Made.resources(1, Made.resource(LISTENER, "l", "1")));

        envoy.untilHolds(LISTENER, "l");

        assertThat(envoy.received()).hasSize(1);
    }

    @Test
    @Tag("F1")
    void afterAReconnectOnlyWhatChangedMeanwhileIsSent() throws Exception {
        house.publish(_ -> Made.resources(1, Made.resource(CLUSTER, "a", "1"), Made.resource(LISTENER, "l", "1")));
        var envoy = new FakeEnvoy(EDGE);
        envoy.subscribe(CLUSTER);
        envoy.subscribe(LISTENER);
        envoy.connect(house.channel());
        envoy.untilHolds(LISTENER, "l");
        envoy.disconnect();
        envoy.end();
        int before = envoy.received().size();
        house.publish(now -> Made.with(now, Made.resource(LISTENER, "m", "1")));

        envoy.connect(house.channel());
        envoy.untilHolds(LISTENER, "l", "m");

        assertThat(envoy.received().subList(before, envoy.received().size()))
                .flatExtracting(response -> response.getResourcesList())
                .extracting(resource -> resource.getName())
                .containsExactly("m");
    }

    @Test
    @Tag("H60")
    void ofTwoStreamsOfOneProxyTheNewestCountsAndBothAreServedTheSame() throws Exception {
        house.publish(_ -> Made.resources(1, Made.resource(CLUSTER, "a", "1"), Made.resource(LISTENER, "l", "1")));
        var zombie = subscribed();
        zombie.untilHolds(LISTENER, "l");
        var newest = subscribed();
        newest.untilHolds(LISTENER, "l");
        house.publish(before -> Made.with(before, Made.resource(LISTENER, "m", "1")));
        newest.untilHolds(LISTENER, "l", "m");
        zombie.until(() -> zombie.received().size() >= 3);

        assertThat(zombie.held(LISTENER)).isEqualTo(newest.held(LISTENER));
        assertThat(house.fleet.proxies()).hasSize(1);
        var proxy = house.fleet.proxies().iterator().next();
        house.awaitInSync();
        assertThat(proxy.lost()).isNull();

        zombie.disconnect();
        zombie.end();
        assertThat(proxy.lost()).isNull();
        assertThat(proxy.view().revision()).isEqualTo(2);
    }

    @Test
    @Tag("F19")
    void aProxyThatDoesNotReadIsSentAwayInTheEnd() throws Exception {
        house.publish(_ -> Made.resources(1, Made.resource(LISTENER, "l", "1")));
        var call = house.channel()
                .newCall(
                        io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc
                                .getDeltaAggregatedResourcesMethod(),
                        io.grpc.CallOptions.DEFAULT);
        var ended = new java.util.concurrent.LinkedBlockingQueue<Status>();
        call.start(
                new io.grpc.ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, io.grpc.Metadata trailers) {
                        ended.add(status);
                    }
                },
                new io.grpc.Metadata());
        call.sendMessage(DeltaDiscoveryRequest.newBuilder()
                .setNode(FakeEnvoy.node(EDGE, Map.of()))
                .setTypeUrl(LISTENER.url())
                .build());
        Status status = null;
        for (int minutes = 0; status == null && minutes < 200; minutes++) {
            house.pass(Duration.ofMinutes(1));
            status = ended.poll(100, java.util.concurrent.TimeUnit.MILLISECONDS);
        }

        assertThat(String.valueOf(status)).contains("DEADLINE_EXCEEDED", "nothing was read for 120 s");
    }

    private FakeEnvoy subscribed() {
        var envoy = new FakeEnvoy(EDGE);
        envoy.subscribe(CLUSTER);
        envoy.subscribe(LISTENER);
        envoy.connect(house.channel());
        return envoy;
    }

    @Test
    void whatAProxyRefusesIsKnownWithItsReasonAndSource() throws Exception {
        house.publish(_ -> Made.resources(1, Made.resource(ROUTES, "r", "1")));
        var envoy = new FakeEnvoy(EDGE);
        envoy.subscribe(ROUTES, "r");
        envoy.connect(house.channel());
        envoy.untilHolds(ROUTES, "r");
        envoy.judging(_ -> "no such regex");
        house.publish(before -> Made.with(before, Made.resource(ROUTES, "r", "bad")));
        envoy.until(() -> envoy.received().size() == 2);
        var proxy = house.fleet.proxies().iterator().next();
        envoy.judging(_ -> "");
        for (long seen = house.fleet.moves(); proxy.refused().isEmpty(); seen = house.fleet.moves()) {
            house.fleet.await(seen, Duration.ofMillis(50));
        }

        assertThat(proxy.refused()).singleElement().satisfies(refusal -> {
            assertThat(refusal.reason()).isEqualTo("no such regex");
            assertThat(refusal.resource().origins().getFirst()).hasToString("VirtualService shop/r spec.http[0]");
            assertThat(refusal.to()).isEqualTo(2);
        });
    }

    @Test
    @Tag("H52")
    void aNodeWithoutANameOrTooLargeIsRefused() throws Exception {
        assertThat(codeFor(Node.getDefaultInstance())).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(codeFor(FakeEnvoy.node("router~x", Map.of()))).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(codeFor(FakeEnvoy.node(EDGE, Map.of("app", "x".repeat(70_000)))))
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    @Tag("H52")
    void aNodeThatChangesWithinAStreamIsRefused() throws Exception {
        house.publish(_ -> Made.resources(1));
        var envoy = new FakeEnvoy(EDGE);
        envoy.subscribe(LISTENER);
        envoy.connect(house.channel());
        envoy.send(DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(CLUSTER.url())
                .setNode(FakeEnvoy.node("router~127.0.0.1~other.bank~bank.svc.cluster.local", Map.of()))
                .build());

        assertThat(code(envoy.end())).isEqualTo(Status.Code.PERMISSION_DENIED);
    }

    @Test
    @Tag("H54")
    void tooManyOrTooLongNamesEndTheStream() throws Exception {
        house.publish(_ -> Made.resources(1));
        var many = new FakeEnvoy(EDGE);
        many.subscribe(
                ROUTES, IntStream.range(0, 1_000_000).mapToObj(i -> "n" + i).toArray(String[]::new));
        many.connect(house.channel());
        assertThat(code(many.end())).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        var huge = new FakeEnvoy(EDGE);
        huge.subscribe(ROUTES, "x".repeat(1 << 20));
        huge.connect(house.channel());

        assertThat(code(huge.end())).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    @Test
    @Tag("H54")
    void strangeNamesAreAnsweredLikeUnknownOnes() throws Exception {
        house.publish(_ -> Made.resources(1));
        var envoy = new FakeEnvoy(EDGE);
        envoy.subscribe(ROUTES, "../../etc/passwd", "\u0000", "xdstp://other/x?y=z", "\uD83D\uDE00", "dup", "dup");
        envoy.connect(house.channel());
        var removed = new java.util.TreeSet<String>();
        envoy.until(() -> {
            envoy.received().forEach(response -> removed.addAll(response.getRemovedResourcesList()));
            return removed.size() == 5;
        });
    }

    @Test
    @Tag("H58")
    void aFifthStreamOfOneProxyEndsTheOldest() throws Exception {
        house.publish(_ -> Made.resources(1, Made.resource(LISTENER, "l", "1")));
        var envoys = new ArrayList<FakeEnvoy>();
        for (int i = 0; i < 5; i++) {
            var envoy = new FakeEnvoy(EDGE);
            envoy.subscribe(LISTENER);
            envoy.connect(house.channel());
            envoy.untilHolds(LISTENER, "l");
            envoys.add(envoy);
        }

        assertThat(code(envoys.getFirst().end())).isEqualTo(Status.Code.ABORTED);
        house.publish(before -> Made.with(before, Made.resource(LISTENER, "m", "1")));
        envoys.getLast().untilHolds(LISTENER, "l", "m");
    }

    @Test
    @Tag("H58")
    void aStreamThatSaysNothingIsClosed() throws Exception {
        var silent = new FakeEnvoy(EDGE);
        silent.connect(house.channel());
        while (house.discovery.counters().streams() == 0) {
            Thread.onSpinWait();
        }

        house.pass(Duration.ofSeconds(31));

        assertThat(code(silent.end())).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    }

    @Test
    @Tag("H58")
    void aStreamThatEndsAtOnceLeavesNothingBehind() throws Exception {
        house.publish(_ -> Made.resources(1));
        var envoy = new FakeEnvoy(EDGE);
        envoy.subscribe(LISTENER);
        envoy.connect(house.channel());
        envoy.finish();

        assertThat(envoy.end().error()).isNull();
        assertThat(house.discovery.counters().streams()).isZero();
    }

    @Test
    @Tag("V4")
    void fetchIsNotImplemented() {
        var stub = io.envoyproxy.envoy.service.cluster.v3.ClusterDiscoveryServiceGrpc.newBlockingStub(house.channel());
        assertThat(org.assertj.core.api.Assertions.catchThrowableOfType(
                                io.grpc.StatusRuntimeException.class,
                                () -> stub.fetchClusters(
                                        io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest.getDefaultInstance()))
                        .getStatus()
                        .getCode())
                .isEqualTo(Status.Code.UNIMPLEMENTED);
    }

    @Test
    @Tag("H61")
    void unknownFieldsInARequestDoNoHarm() throws Exception {
        house.publish(_ -> Made.resources(1, Made.resource(LISTENER, "l", "1")));
        var envoy = new FakeEnvoy(EDGE);
        envoy.connect(house.channel());
        var unknown = com.google.protobuf.UnknownFieldSet.newBuilder()
                .addField(
                        9_999,
                        com.google.protobuf.UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(ByteString.copyFrom(new byte[1 << 20]))
                                .build())
                .build();
        envoy.send(DeltaDiscoveryRequest.newBuilder()
                .setNode(FakeEnvoy.node(EDGE, Map.of()))
                .setTypeUrl(LISTENER.url())
                .setUnknownFields(unknown)
                .build());

        envoy.untilHolds(LISTENER, "l");
    }

    @Test
    void theNodeSaysWhichClassAProxyBelongsTo() throws Exception {
        var message = Node.newBuilder()
                .setId(EDGE)
                .setMetadata(Struct.newBuilder()
                        .putFields("NAMESPACE", text("istio-system"))
                        .putFields("NAME", text("gw-7"))
                        .putFields("WORKLOAD_NAME", text("gw"))
                        .putFields("ADDRESS", text("127.0.0.1"))
                        .putFields(
                                "LISTEN",
                                Value.newBuilder()
                                        .setStructValue(Struct.newBuilder().putFields("80", text("8080")))
                                        .build()))
                .build();
        var proxies = io.sallyport.xds.discovery.Node.of(message).proxies();

        assertThat(proxies.namespace()).isEqualTo("istio-system");
        assertThat(proxies.name()).isEqualTo("gw");
        assertThat(proxies.address()).isEqualTo("127.0.0.1");
        assertThat(proxies.listen()).containsExactly(Map.entry("80", 8080));
    }

    @Test
    @Tag("F18")
    void podsThatDifferInTheirNamesShareAClass() throws Exception {
        var first = io.sallyport.xds.discovery.Node.of(
                Node.newBuilder().setId("router~10.0.0.1~gw-1.shop~x").build());
        var second = io.sallyport.xds.discovery.Node.of(
                Node.newBuilder().setId("router~10.0.0.2~gw-2.shop~x").build());

        assertThat(first.name()).isNotEqualTo(second.name());
        assertThat(first.proxies()).isEqualTo(second.proxies());
    }

    private static Value text(String text) {
        return Value.newBuilder().setStringValue(text).build();
    }

    private Status.Code codeFor(Node node) throws Exception {
        var envoy = new FakeEnvoy(EDGE);
        envoy.connect(house.channel());
        envoy.send(DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(LISTENER.url())
                .setNode(node)
                .build());
        return code(envoy.end());
    }

    private static Status.Code code(FakeEnvoy.Ended ended) {
        return ended.error() == null
                ? Status.Code.OK
                : Status.fromThrowable(ended.error()).getCode();
    }
}
