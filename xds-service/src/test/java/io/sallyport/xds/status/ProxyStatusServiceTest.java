package io.sallyport.xds.status;

import static io.sallyport.translation.ResourceType.CLUSTER;
import static io.sallyport.translation.ResourceType.LISTENER;
import static io.sallyport.translation.ResourceType.ROUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.google.common.collect.ImmutableList;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.sallyport.proto.xds.v1.AwaitLiveRequest;
import io.sallyport.proto.xds.v1.AwaitLiveResponse;
import io.sallyport.proto.xds.v1.GetProxyConfigRequest;
import io.sallyport.proto.xds.v1.ListProxiesRequest;
import io.sallyport.proto.xds.v1.ProxyResource;
import io.sallyport.proto.xds.v1.ProxyServiceGrpc;
import io.sallyport.proto.xds.v1.TypeStatus;
import io.sallyport.proto.xds.v1.Waiting;
import io.sallyport.xds.discovery.FakeEnvoy;
import io.sallyport.xds.discovery.House;
import io.sallyport.xds.discovery.Made;
import io.sallyport.xds.discovery.Node;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ProxyStatusServiceTest {

    private static final String EDGE = "router~127.0.0.1~edge.shop~shop.svc.cluster.local";

    private final House house;
    private final ProxyServiceGrpc.ProxyServiceBlockingStub status;
    private final FakeEnvoy envoy = new FakeEnvoy(EDGE);

    ProxyStatusServiceTest() throws IOException {
        house = new House();
        status = ProxyServiceGrpc.newBlockingStub(house.channel());
    }

    @AfterEach
    void close() {
        envoy.close();
        house.close();
    }

    @Test
    void withoutProxiesAnythingIsLiveAtOnce() {
        house.publish(before -> before.with(7, List.of(), Map.of()));

        var answer = last(7);

        assertThat(answer.getDone()).isTrue();
        assertThat(answer.getTotal()).isZero();
    }

    @Test
    void aRevisionIsLiveWhenTheProxyTookAllThatItChanged() throws Exception {
        connect();
        var waiting = CompletableFuture.supplyAsync(() -> await(2));
        house.publish(before -> Made.with(before, Made.resource(ROUTES, "r", "2")));
        envoy.until(() -> envoy.received().size() == 4);

        var answers = waiting.get(30, TimeUnit.SECONDS);

        assertThat(answers.getLast().getLive()).isEqualTo(1);
        assertThat(answers.getLast().getTotal()).isEqualTo(1);
        assertThat(answers.getLast().getDone()).isTrue();
    }

    @Test
    void aRevisionThatChangesNothingForAProxyIsLiveAtOnce() throws Exception {
        connect();
        house.publish(before -> before.with(5, List.of(), Map.of()));

        assertThat(last(5).getLive()).isEqualTo(1);
    }

    @Test
    void aRefusalEndsTheWaitAndNamesTheObjectAndWhatGoesOnServing() throws Exception {
        connect();
        envoy.judging(_ -> "no such regex");
        house.publish(before -> Made.with(before, Made.resource(ROUTES, "r", "bad")));
        envoy.until(() -> envoy.received().size() == 4);

        var answer = last(2);

        assertThat(answer.getDone()).isTrue();
        assertThat(answer.getLive()).isZero();
        var waiting = answer.getWaiting(0);
        assertThat(waiting.getProxy()).isEqualTo("edge.shop");
        assertThat(waiting.getReason()).isEqualTo("refused it");
        assertThat(waiting.getServes()).isEqualTo(1);
        assertThat(waiting.getRejections(0).getReason()).isEqualTo("no such regex");
        assertThat(waiting.getRejections(0).getSources(0).getRef().getKind()).isEqualTo("VirtualService");
    }

    @Test
    void anOldRefusalDoesNotHoldUpALaterRevision() throws Exception {
        connect();
        envoy.judging(response -> response.getTypeUrl().equals(ROUTES.url()) ? "no" : "");
        house.publish(before -> Made.with(before, Made.resource(ROUTES, "r", "bad")));
        envoy.until(() -> envoy.received().size() == 4);
        house.publish(before -> Made.with(before, Made.resource(LISTENER, "m", "1")));
        envoy.untilHolds(LISTENER, "l", "m");
        pass();

        assertThat(last(3).getLive()).isEqualTo(1);
    }

    @Test
    void aProxyThatIsGoneForAMomentIsWaitedFor() throws Exception {
        connect();
        envoy.disconnect();
        envoy.end();
        house.publish(before -> Made.with(before, Made.resource(ROUTES, "r", "2")));
        var waiting = CompletableFuture.supplyAsync(() -> await(2));
        envoy.connect(house.channel());
        envoy.until(() -> envoy.received().size() == 4);
        pass();

        assertThat(waiting.get(30, TimeUnit.SECONDS).getLast().getLive()).isEqualTo(1);
    }

    @Test
    void aWaitThatIsOverSaysWhatIsMissing() throws Exception {
        connect();
        house.publish(before -> Made.with(before, Made.resource(ROUTES, "r", "2")));

        var answer = over(status, 2);

        assertThat(answer.getDone()).isTrue();
        assertThat(answer.getWaiting(0).getReason())
                .containsPattern("acknowledgement of (CDS, LDS, )?RDS|translation of r2");
    }

    @Test
    void listenersThatAreTakenButDoNotServeAreNotLive() throws Exception {
        connect();
        house.prove(LiveProbe.Proof.NOT_YET);
        var answers =
                status.awaitLive(AwaitLiveRequest.newBuilder().setRevision(1).build());
        assertThat(answers.next().getWaiting(0).getReason()).contains("do not serve yet");

        house.prove(LiveProbe.Proof.LIVE);

        assertThat(ImmutableList.copyOf(answers).getLast().getLive()).isEqualTo(1);
        assertThat(proxies().getFirst().getLiveRevision()).isEqualTo(1);
    }

    @Test
    void listenersThatServeAreAskedForAgainOnlyWhenOneChanges() throws Exception {
        connect();
        house.prove(LiveProbe.Proof.LIVE);
        last(1);
        house.prove(LiveProbe.Proof.NOT_YET);
        house.publish(before -> Made.with(before, Made.resource(ROUTES, "r", "2")));
        envoy.until(() -> envoy.received().size() == 4);
        assertThat(last(2).getLive()).isEqualTo(1);

        house.publish(before -> Made.with(before, Made.resource(LISTENER, "l", "2")));
        envoy.until(() -> envoy.received().size() == 5);
        house.awaitInSync();
        assertThat(over(status, 3).getWaiting(0).getReason()).contains("do not serve yet");

        house.prove(LiveProbe.Proof.LIVE);
        assertThat(last(3).getLive()).isEqualTo(1);
    }

    @Test
    void whatServedBeforeAnAcknowledgementProvesNothingOfWhatComes() throws Exception {
        connect();
        house.prove(LiveProbe.Proof.LIVE);
        house.publish(before -> Made.with(before, Made.resource(LISTENER, "l", "2")));
        String missing;
        do {
            missing = over(status, 2).getWaiting(0).getReason();
        } while (missing.contains("translation"));
        assertThat(missing).contains("acknowledgement");
        proxies();

        house.prove(LiveProbe.Proof.NOT_YET);
        envoy.until(() -> envoy.received().size() == 4);
        house.awaitInSync();

        assertThat(over(status, 2).getWaitingList())
                .singleElement()
                .satisfies(waiting -> assertThat(waiting.getReason()).contains("do not serve yet"));
    }

    @Test
    void aRevisionThatIsNotKnownYetIsNotLive() {
        var answer = over(status, 7);

        assertThat(answer.getDone()).isTrue();
        assertThat(answer.getLive()).isLessThan(answer.getTotal());
        assertThat(answer.getWaiting(0).getReason()).isEqualTo("waiting for r7");
    }

    @Test
    void rightAfterAStartProxiesMayStillBeComingBack() throws Exception {
        connect();
        try (var young = serve(house.startedNow(LiveProbe.NONE))) {
            assertThat(over(young.stub(), 1).getWaitingList())
                    .extracting(Waiting::getReason)
                    .containsExactly("has just started: proxies may still be coming back");

            house.pass(Duration.ofSeconds(3));

            assertThat(over(young.stub(), 1).getLive()).isEqualTo(1);
        }
    }

    @Test
    void aProxyThatShouldBeThereIsWaitedForAndOneThatWasSentAwayIsNot() throws Exception {
        connect();
        var probe = new FakeProbe();
        probe.expected = new LiveProbe.Expected(true, new TreeSet<>(Set.of("edge.shop", "late.shop")));
        try (var known = serve(house.startedNow(probe))) {
            assertThat(over(known.stub(), 1).getWaitingList())
                    .extracting(Waiting::getProxy, Waiting::getReason)
                    .containsExactly(tuple("late.shop", "is not connected"));

            probe.expected = new LiveProbe.Expected(true, new TreeSet<>());
            envoy.disconnect();
            envoy.end();
            assertThat(over(known.stub(), 1).getTotal()).isZero();
        }
    }

    @Test
    void nothingIsLiveWhileEnvoysAreBeingReplaced() throws Exception {
        connect();
        var probe = new FakeProbe();
        probe.expected = new LiveProbe.Expected(false, new TreeSet<>(Set.of("edge.shop")));
        try (var known = serve(house.startedNow(probe))) {
            assertThat(over(known.stub(), 1).getWaiting(0).getReason()).isEqualTo("of r1 is being put into effect");
        }
    }

    @Test
    void aListenerThatGoesIsGoneBeforeItsRoutesAre() throws Exception {
        connect();
        house.publish(before -> before.with(2, List.of(), Map.of(LISTENER, List.of("l"), ROUTES, List.of("r"))));
        envoy.untilHolds(LISTENER);

        var answer = last(2);

        assertThat(answer.getLive()).isEqualTo(1);
        assertThat(envoy.held(ROUTES)).containsKey("r");
    }

    @Test
    void aServiceThatIsHiddenWhileARuleNamesItIsGoneWhenTheRevisionIsLive() throws Exception {
        connect();
        house.publish(before -> before.with(
                2,
                List.of(Made.resource(LISTENER, "l", "2"), Made.resource(ROUTES, "r", "to hidden|80 as ever")),
                Map.of()));
        house.publish(before -> Made.with(before, Made.resource(CLUSTER, "hidden|80", "1")));
        envoy.untilHolds(CLUSTER, "a", "hidden|80");
        house.publish(before ->
                before.with(4, List.of(Made.resource(LISTENER, "l", "4")), Map.of(CLUSTER, List.of("hidden|80"))));
        var listener = house.resources().find(LISTENER, "l").orElseThrow().version();
        envoy.until(() -> listener.equals(envoy.held(LISTENER).get("l")));

        assertThat(over(status, 4).getLive()).isZero();
        pass();
        envoy.untilHolds(CLUSTER, "a");
        assertThat(last(4).getLive()).isEqualTo(1);
    }

    @Test
    void aProxyIsListedWithWhatItReached() throws Exception {
        connect();

        var proxy = proxies().getFirst();

        assertThat(proxy.getName()).isEqualTo("edge");
        assertThat(proxy.getNamespace()).isEqualTo("shop");
        assertThat(proxy.getAcknowledgedRevision()).isEqualTo(1);
        assertThat(proxy.getTypesList())
                .allSatisfy(type -> assertThat(type.getState()).isEqualTo(TypeStatus.State.SYNCED));
    }

    @Test
    void aProxysConfigurationIsWhatItRunsAndNotWhatItRefused() throws Exception {
        connect();
        var good = envoy.held(ROUTES).get("r");
        envoy.judging(_ -> "no");
        house.publish(before -> Made.with(before, Made.resource(ROUTES, "r", "bad")));
        envoy.until(() -> envoy.received().size() == 4);
        last(2);

        var config = status.getProxyConfig(GetProxyConfigRequest.newBuilder()
                .setProxy("edge")
                .addTypes(ROUTES.url())
                .build());

        assertThat(config.getResourcesList()).singleElement().satisfies(resource -> {
            assertThat(resource.getVersion()).isEqualTo(good);
            assertThat(resource.getSources(0).getRef().getName()).isEqualTo("r");
        });
    }

    @Test
    void pagesOfAConfigurationAreTogetherTheWhole() throws Exception {
        connect();
        var whole = status.getProxyConfig(
                GetProxyConfigRequest.newBuilder().setProxy("edge").build());
        assertThat(whole.getNextPageToken()).isEmpty();
        var read = new ArrayList<ProxyResource>();
        var request = GetProxyConfigRequest.newBuilder().setProxy("edge").setPageBytes(1);

        do {
            var page = status.getProxyConfig(request.build());
            assertThat(page.getResourcesList()).hasSize(1);
            read.addAll(page.getResourcesList());
            request.setPageToken(page.getNextPageToken());
        } while (!request.getPageToken().isEmpty() && read.size() < 10);

        assertThat(read).hasSize(3).isEqualTo(whole.getResourcesList());
        assertThat(status.getProxyConfig(request.setPageBytes(1 << 20).build()).getResourcesList())
                .isEqualTo(whole.getResourcesList());
    }

    @Test
    void aPageThatCannotBeIsRefused() throws Exception {
        connect();
        var request = GetProxyConfigRequest.newBuilder().setProxy("edge").setPageBytes(1);

        assertThatThrownBy(() -> status.getProxyConfig(
                        request.clone().setPageToken("third").build()))
                .hasMessageStartingWith("INVALID_ARGUMENT: page_token is not of this list");
        assertThatThrownBy(() ->
                        status.getProxyConfig(request.clone().setPageBytes(-1).build()))
                .hasMessage("INVALID_ARGUMENT: page_bytes: -1 (expected: 0 or more)");
        var gone = new PageToken("router~127.0.0.2~edge.shop~shop.svc.cluster.local", CLUSTER, "a").encode();
        assertThatThrownBy(() ->
                        status.getProxyConfig(request.clone().setPageToken(gone).build()))
                .hasMessageStartingWith("ABORTED: proxy \"edge\" went away");
    }

    @Test
    void anUnknownProxyIsAnsweredWithThoseThereAre() throws Exception {
        connect();

        assertThatThrownBy(() -> status.getProxyConfig(
                        GetProxyConfigRequest.newBuilder().setProxy("egde").build()))
                .hasMessage("NOT_FOUND: no proxy \"egde\" is connected (expected: \"edge.shop\")");
    }

    private void connect() throws InterruptedException {
        house.publish(_ -> Made.resources(
                1,
                Made.resource(CLUSTER, "a", "1"),
                Made.resource(LISTENER, "l", "1"),
                Made.resource(ROUTES, "r", "1")));
        envoy.subscribe(CLUSTER);
        envoy.subscribe(LISTENER);
        envoy.subscribe(ROUTES, "r");
        envoy.connect(house.channel());
        envoy.until(() -> envoy.received().size() == 3);
        last(1);
    }

    private static final class FakeProbe implements LiveProbe {

        private volatile Expected expected = new Expected(true, new TreeSet<>());

        @Override
        public Optional<Expected> expected(long revision) {
            return Optional.of(expected);
        }

        @Override
        public Proof prove(Node proxy, SortedMap<String, String> listeners) {
            return Proof.UNKNOWN;
        }
    }

    private record Served(Server server, ManagedChannel channel) implements AutoCloseable {

        ProxyServiceGrpc.ProxyServiceBlockingStub stub() {
            return ProxyServiceGrpc.newBlockingStub(channel);
        }

        @Override
        public void close() {
            channel.shutdownNow();
            server.shutdownNow();
        }
    }

    private static Served serve(ProxyStatusService service) throws IOException {
        var name = UUID.randomUUID().toString();
        var server =
                InProcessServerBuilder.forName(name).addService(service).build().start();
        return new Served(server, InProcessChannelBuilder.forName(name).build());
    }

    // How it stands at this moment.
    private static AwaitLiveResponse over(ProxyServiceGrpc.ProxyServiceBlockingStub stub, long revision) {
        return ImmutableList.copyOf(stub.awaitLive(AwaitLiveRequest.newBuilder()
                        .setRevision(revision)
                        .setTimeout(com.google.protobuf.Duration.getDefaultInstance())
                        .build()))
                .getLast();
    }

    private void pass() {
        house.pass(Duration.ofSeconds(2));
    }

    private List<io.sallyport.proto.xds.v1.Proxy> proxies() {
        return status.listProxies(ListProxiesRequest.getDefaultInstance()).getProxiesList();
    }

    private AwaitLiveResponse last(long revision) {
        return await(revision).getLast();
    }

    private List<AwaitLiveResponse> await(long revision) {
        return ImmutableList.copyOf(status.awaitLive(
                AwaitLiveRequest.newBuilder().setRevision(revision).build()));
    }
}
