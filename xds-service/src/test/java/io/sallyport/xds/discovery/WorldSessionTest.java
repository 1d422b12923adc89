package io.sallyport.xds.discovery;

import static io.sallyport.translation.ResourceType.CLUSTER;
import static io.sallyport.translation.ResourceType.ENDPOINTS;
import static io.sallyport.translation.ResourceType.EXTENSIONS;
import static io.sallyport.translation.ResourceType.LISTENER;
import static io.sallyport.translation.ResourceType.ROUTES;
import static io.sallyport.translation.ResourceType.SCOPED_ROUTES;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Status;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceType;
import io.sallyport.xds.publish.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class WorldSessionTest {

    private final Refusals refusals = new Refusals();
    private final Counters counters = new Counters();
    private final Map<ResourceType, List<String>> names = new EnumMap<>(ResourceType.class);
    private final Map<ResourceType, String> versions = new EnumMap<>(ResourceType.class);
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private EnvoyResources resources = Made.resources(
            1,
            Made.resource(CLUSTER, "a", "1"),
            Made.resource(ENDPOINTS, "a", "1"),
            Made.resource(LISTENER, "l", "1"),
            Made.resource(ROUTES, "r", "1"),
            Made.resource(ROUTES, "r2", "1"));
    private Snapshot snapshot = Snapshot.first(resources);
    private WorldSession session = new WorldSession(snapshot, refusals, counters, Pace.DEFAULT);

    @Test
    void aChangeSendsTheTableAnew() throws Exception {
        startAll();
        publish(Made.with(resources, Made.resource(LISTENER, "m", "1")));

        assertThat(only(poll()).getResourcesCount()).isEqualTo(2);
    }

    @Test
    void aChangedRouteSendsThatRouteAlone() throws Exception {
        startAll();
        publish(Made.with(resources, Made.resource(ROUTES, "r2", "2")));

        assertThat(only(poll()).getResourcesCount()).isEqualTo(1);
    }

    @Test
    @Tag("F1")
    void aProxyThatComesBackIsSentNothingThatItHas() throws Exception {
        startAll();
        session = new WorldSession(snapshot, refusals, counters, Pace.DEFAULT);
        for (var type : names.keySet()) {
            session.request(
                    DiscoveryRequest.newBuilder()
                            .setTypeUrl(type.url())
                            .addAllResourceNames(names.get(type))
                            .setVersionInfo(versions.getOrDefault(type, ""))
                            .build(),
                    now);
        }

        assertThat(poll()).isEmpty();
        assertThat(session.view(now).revision()).isEqualTo(1);
    }

    @Test
    void aRefusedVersionIsNotSentAgainAndTheOldOneStays() throws Exception {
        startAll();
        publish(Made.with(resources, Made.resource(LISTENER, "l", "bad")));
        refuse(only(poll()), "no");

        assertThat(poll()).isEmpty();
        pass(Duration.ofMinutes(5));
        assertThat(poll()).isEmpty();
        assertThat(refusals.standing(resources))
                .extracting(refusal -> refusal.resource().name())
                .containsExactly("l");

        publish(Made.with(resources, Made.resource(LISTENER, "l", "mended")));
        assertThat(poll()).hasSize(1);
    }

    @Test
    void theCulpritAmongManyIsFoundAndTheOthersAreServed() throws Exception {
        startAll();
        ask(SCOPED_ROUTES);
        answerAll(_ -> false);
        var many = IntStream.range(0, 100)
                .mapToObj(i -> Made.resource(SCOPED_ROUTES, "s" + i, "1"))
                .toArray(EnvoyResource[]::new);
        publish(Made.with(resources, many));

        int refused = answerAll(response -> response.getResourcesList().stream()
                .anyMatch(any -> any.getValue().toStringUtf8().contains("s77")));

        assertThat(session.holdings(SCOPED_ROUTES)).hasSize(99).doesNotContainKey("s77");
        assertThat(refused).isLessThan(10);
    }

    @Test
    void aClusterGoesAfterTheRouteThatNamedIt() throws Exception {
        startAll();
        publish(Made.with(resources, Made.resource(CLUSTER, "b", "1"), Made.resource(ROUTES, "r", "2")));
        var first = only(poll());
        assertThat(first.getResourcesCount()).isEqualTo(2);
        acknowledge(first);
        acknowledge(only(poll()));
        pass(Pace.DEFAULT.drain());

        publish(Made.without(resources, CLUSTER, "b").with(4, List.of(Made.resource(ROUTES, "r", "3")), Map.of()));
        var route = only(poll());
        assertThat(route.getTypeUrl()).isEqualTo(ROUTES.url());
        acknowledge(route);

        var clusters = only(poll());
        assertThat(clusters.getTypeUrl()).isEqualTo(CLUSTER.url());
        assertThat(clusters.getResourcesCount()).isEqualTo(1);
    }

    @Test
    void aChangedClusterBringsItsEndpointsAgain() throws Exception {
        startAll();
        publish(Made.with(resources, Made.resource(CLUSTER, "a", "2")));

        assertThat(poll()).extracting(DiscoveryResponse::getTypeUrl).containsExactly(CLUSTER.url(), ENDPOINTS.url());
    }

    @Test
    @Tag("F22")
    void openConnectionsOfAChainThatGoesKeepItsTable() throws Exception {
        startAll();
        ask(SCOPED_ROUTES);
        answerAll(_ -> false);
        publish(Made.with(
                resources,
                Made.resource(SCOPED_ROUTES, "https.4~h2VJbXPYkNdQsm", "1"),
                Made.resource(SCOPED_ROUTES, "s", "1")));
        answerAll(_ -> false);

        publish(Made.without(resources, SCOPED_ROUTES, "https.4~h2VJbXPYkNdQsm", "s"));
        answerAll(_ -> false);
        assertThat(session.holdings(SCOPED_ROUTES)).containsOnlyKeys("https.4~h2VJbXPYkNdQsm");
        assertThat(session.view(now).revision()).as("nobody waits for it").isEqualTo(resources.revision());

        var end = now.plus(Pace.DEFAULT.lastScopes());
        pass(Pace.DEFAULT.order());
        assertThat(poll()).isEmpty();
        session.deadline(now);
        assertThat(session.deadline(now)).isEqualTo(end);
        now = end;
        answerAll(_ -> false);
        assertThat(session.holdings(SCOPED_ROUTES)).isEmpty();
    }

    @Test
    void aConnectionManagerComesByNameAndIsNeverTakenAway() throws Exception {
        publish(Made.with(resources, Made.resource(EXTENSIONS, "m", "1")));
        ask(EXTENSIONS, "m", "none");
        var first = only(poll());
        assertThat(first.getResourcesCount()).isEqualTo(1);
        acknowledge(first);

        publish(Made.without(resources, EXTENSIONS, "m"));
        assertThat(poll()).as("an empty answer").isEmpty();
    }

    @Test
    @Tag("H55")
    void strangeNoncesChangeNothingAndAreCounted() throws Exception {
        startAll();
        session.request(
                DiscoveryRequest.newBuilder()
                        .setTypeUrl(ROUTES.url())
                        .setResponseNonce("invented")
                        .build(),
                now);
        publish(Made.with(resources, Made.resource(ROUTES, "r", "2")));

        assertThat(poll()).hasSize(1);
        assertThat(counters.strangeNonces()).isEqualTo(1);
    }

    @Test
    void aNameThatIsAskedForLaterIsAnswered() throws Exception {
        ask(ROUTES, "r");
        var first = only(poll());
        names.put(ROUTES, List.of("r", "r2"));
        acknowledge(first);

        assertThat(only(poll()).getResources(0).getValue().toStringUtf8()).contains("r2");
    }

    @Test
    void aNameThatDoesNotExistIsAnsweredWithNothing() throws Exception {
        ask(ROUTES, "none");

        assertThat(only(poll()).getResourcesCount()).isZero();
        assertThat(poll()).isEmpty();
    }

    private void startAll() throws ProtocolViolation {
        ask(CLUSTER);
        ask(ENDPOINTS, "a");
        ask(LISTENER);
        ask(ROUTES, "r", "r2");
        answerAll(_ -> false);
        pass(Pace.DEFAULT.drain());
    }

    private int answerAll(Predicate<DiscoveryResponse> refuses) throws ProtocolViolation {
        int refused = 0;
        for (var sent = poll(); !sent.isEmpty(); sent = poll()) {
            for (var response : sent) {
                if (refuses.test(response)) {
                    refused++;
                    refuse(response, "no");
                } else {
                    acknowledge(response);
                }
            }
        }
        return refused;
    }

    private void ask(ResourceType type, String... asked) throws ProtocolViolation {
        names.put(type, List.of(asked));
        session.request(
                DiscoveryRequest.newBuilder()
                        .setTypeUrl(type.url())
                        .addAllResourceNames(List.of(asked))
                        .build(),
                now);
    }

    private void acknowledge(DiscoveryResponse response) throws ProtocolViolation {
        ResourceType.of(response.getTypeUrl()).ifPresent(type -> versions.put(type, response.getVersionInfo()));
        session.request(answer(response).build(), now);
    }

    private void refuse(DiscoveryResponse response, String reason) throws ProtocolViolation {
        session.request(
                answer(response)
                        .setErrorDetail(Status.newBuilder().setMessage(reason))
                        .build(),
                now);
    }

    private DiscoveryRequest.Builder answer(DiscoveryResponse response) {
        var type = ResourceType.of(response.getTypeUrl()).orElseThrow();
        return DiscoveryRequest.newBuilder()
                .setTypeUrl(response.getTypeUrl())
                .addAllResourceNames(names.getOrDefault(type, List.of()))
                .setVersionInfo(versions.getOrDefault(type, ""))
                .setResponseNonce(response.getNonce());
    }

    private void publish(EnvoyResources next) {
        resources = next;
        snapshot = snapshot.next(next);
        session.advance(snapshot);
    }

    private void pass(Duration time) {
        now = now.plus(time);
    }

    private List<DiscoveryResponse> poll() {
        var sent = new ArrayList<DiscoveryResponse>();
        for (var response = session.poll(now); response != null; response = session.poll(now)) {
            sent.add(response);
        }
        return sent;
    }

    private static DiscoveryResponse only(List<DiscoveryResponse> responses) {
        assertThat(responses).hasSize(1);
        return responses.getFirst();
    }
}
