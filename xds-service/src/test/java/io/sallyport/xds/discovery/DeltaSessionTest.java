package io.sallyport.xds.discovery;

import static io.sallyport.translation.ResourceType.CLUSTER;
import static io.sallyport.translation.ResourceType.ENDPOINTS;
import static io.sallyport.translation.ResourceType.EXTENSIONS;
import static io.sallyport.translation.ResourceType.LISTENER;
import static io.sallyport.translation.ResourceType.ROUTES;
import static io.sallyport.translation.ResourceType.SCOPED_ROUTES;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Status;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceType;
import io.sallyport.xds.publish.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class DeltaSessionTest {

    private static final int TABLES = 200;
    private static final String CHAIN_SCOPE = "https.4~h2VJbXPYkNdQsm";

    private final Refusals refusals = new Refusals();
    private final Counters counters = new Counters();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private EnvoyResources resources = Made.resources(
            1,
            Made.resource(CLUSTER, "a", "1"),
            Made.resource(ENDPOINTS, "a", "1"),
            Made.resource(LISTENER, "l", "1"),
            Made.resource(ROUTES, "r", "1"),
            Made.resource(SCOPED_ROUTES, "s", "1"));
    private Snapshot snapshot = Snapshot.first(resources);
    private DeltaSession session = newSession();

    @Test
    void aFreshProxyGetsClustersThenListenersOnceTheClustersAreTaken() throws Exception {
        ask(CLUSTER);
        ask(LISTENER);
        var clusters = only(poll());
        assertThat(names(clusters)).containsExactly("a");

        acknowledge(clusters);

        assertThat(names(only(poll()))).containsExactly("l");
    }

    @Test
    void listenersDoNotWaitForClustersWithoutALimit() throws Exception {
        ask(CLUSTER);
        ask(LISTENER);
        poll();
        assertThat(session.deadline(now)).isEqualTo(now.plus(Pace.DEFAULT.answer()));

        pass(Pace.DEFAULT.answer());

        assertThat(names(only(poll()))).containsExactly("l");
    }

    @Test
    void aNameThatDoesNotExistIsAnsweredAtOnce() throws Exception {
        ask(ROUTES, "none", "r");

        var first = only(poll());
        assertThat(first.getRemovedResourcesList()).containsExactly("none");
        assertThat(names(first)).containsExactly("r");
    }

    @Test
    void tablesThatAProxyHasNothingOfComeTogetherAndNewVersionsOfThemAlone() throws Exception {
        publish(Made.with(resources, tables("1")));
        ask(ROUTES, tableNames());

        var load = only(poll());
        assertThat(load.getResourcesCount()).isEqualTo(TABLES);
        acknowledge(load);
        publish(Made.with(resources, tables("2")));

        var first = only(poll());
        assertThat(names(first)).hasSize(1);
        acknowledge(first);
        assertThat(names(only(poll()))).hasSize(1).doesNotContainAnyElementsOf(names(first));
    }

    @Test
    void aTableThatIsRefusedAmongThoseThatCameTogetherIsFoundAndTheOthersAreServed() throws Exception {
        publish(Made.with(resources, tables("1")));
        ask(ROUTES, tableNames());

        int refusedResponses = answerAll(response -> response.getResourcesList().stream()
                .anyMatch(resource -> resource.getName().equals("r77")));

        assertThat(session.holdings(ROUTES)).hasSize(TABLES - 1).doesNotContainKey("r77");
        assertThat(refusedResponses).isLessThanOrEqualTo(9);
        assertThat(refusals.standing(resources))
                .extracting(refusal -> refusal.resource().name())
                .containsExactly("r77");
    }

    private static EnvoyResource[] tables(String content) {
        return Stream.of(tableNames())
                .map(name -> Made.resource(ROUTES, name, content))
                .toArray(EnvoyResource[]::new);
    }

    private static String[] tableNames() {
        return IntStream.range(0, TABLES).mapToObj(i -> "r" + i).toArray(String[]::new);
    }

    @Test
    void aWildcardWithoutResourcesIsAnsweredSoThatEnvoyStarts() throws Exception {
        publish(Made.without(resources, CLUSTER, "a"));
        ask(CLUSTER);

        var empty = only(poll());
        assertThat(empty.getResourcesCount()).isZero();
        acknowledge(empty);
        assertThat(poll()).isEmpty();
    }

    @Test
    void aChangeWaitsForTheAnswerAndThenOnlyTheNewestIsSent() throws Exception {
        ask(LISTENER);
        var first = only(poll());
        publish(Made.with(resources, Made.resource(LISTENER, "l", "2")));
        publish(Made.with(resources, Made.resource(LISTENER, "l", "3")));
        assertThat(poll()).isEmpty();

        acknowledge(first);

        assertThat(only(poll()).getResources(0).getVersion()).isEqualTo(version(LISTENER, "l"));
    }

    @Test
    @Tag("F1")
    void aProxyThatComesBackIsSentNothingThatItHas() throws Exception {
        var claims = Map.of("l", version(LISTENER, "l"));
        session.request(request(LISTENER).putAllInitialResourceVersions(claims).build(), now);
        assertThat(poll()).isEmpty();

        publish(Made.with(resources, Made.resource(LISTENER, "m", "1")));

        assertThat(names(only(poll()))).containsExactly("m");
    }

    @Test
    void aProxyThatComesBackLosesWhatIsGone() throws Exception {
        session.request(
                request(LISTENER)
                        .putInitialResourceVersions("l", version(LISTENER, "l"))
                        .putInitialResourceVersions("gone", "1")
                        .build(),
                now);

        assertThat(only(poll()).getRemovedResourcesList()).containsExactly("gone");
    }

    @Test
    @Tag("F1")
    void noProxyIsToldThatAConnectionManagerIsGone() throws Exception {
        var manager = Made.resource(EXTENSIONS, "m", "1");
        publish(Made.with(resources, manager));
        ask(EXTENSIONS, "m", "none");
        var first = only(poll());
        assertThat(names(first)).containsExactly("m");
        assertThat(first.getRemovedResourcesList()).isEmpty();
        acknowledge(first);

        publish(Made.without(resources, EXTENSIONS, "m"));
        assertThat(poll()).isEmpty();
        publish(Made.with(resources, manager));
        assertThat(poll()).as("it was never taken away").isEmpty();
    }

    @Test
    @Tag("F1")
    void aConnectionManagerOfAnEarlierProcessStays() throws Exception {
        session.request(
                request(EXTENSIONS)
                        .addResourceNamesSubscribe("gone")
                        .putInitialResourceVersions("gone", "1")
                        .build(),
                now);

        assertThat(poll()).isEmpty();
    }

    @Test
    @Tag("F22")
    void openConnectionsOfAChainThatGoesKeepItsTable() throws Exception {
        publish(Made.with(
                resources, Made.resource(SCOPED_ROUTES, CHAIN_SCOPE, "1"), Made.resource(SCOPED_ROUTES, "s3", "1")));
        startAll();

        publish(Made.without(
                Made.with(resources, Made.resource(LISTENER, "l", "2")), SCOPED_ROUTES, CHAIN_SCOPE, "s3"));
        answerAll(_ -> false);
        pass(Pace.DEFAULT.drain());
        var host = only(poll());
        assertThat(host.getRemovedResourcesList())
                .as("nothing drains for a host")
                .containsExactly("s3");
        acknowledge(host);
        assertThat(session.view(now).revision()).as("nobody waits for the rest").isEqualTo(resources.revision());

        var end = now.plus(Pace.DEFAULT.lastScopes());
        pass(Pace.DEFAULT.order());
        assertThat(poll()).isEmpty();
        session.deadline(now);
        assertThat(session.deadline(now)).isEqualTo(end);
        now = end;
        acknowledge(only(poll()));
        assertThat(session.holdings(SCOPED_ROUTES)).containsOnlyKeys("s");
        assertThat(poll()).isEmpty();
        session.deadline(now);
        assertThat(session.deadline(now)).isNull();
    }

    @Test
    @Tag("F1")
    void scopesOfAnEarlierProcessStayForConnectionsThatAreOpen() throws Exception {
        session.request(
                request(SCOPED_ROUTES)
                        .putInitialResourceVersions("s", version(SCOPED_ROUTES, "s"))
                        .putInitialResourceVersions(CHAIN_SCOPE, "1")
                        .build(),
                now);
        assertThat(poll()).isEmpty();

        pass(Pace.DEFAULT.lastScopes());

        assertThat(only(poll()).getRemovedResourcesList()).containsExactly(CHAIN_SCOPE);
    }

    @Test
    void aChainThatComesBackInTimeHasItsScopeStill() throws Exception {
        var scope = Made.resource(SCOPED_ROUTES, CHAIN_SCOPE, "1");
        publish(Made.with(resources, scope));
        startAll();
        publish(Made.without(resources, SCOPED_ROUTES, CHAIN_SCOPE));
        assertThat(poll()).isEmpty();

        publish(Made.with(resources, scope));
        pass(Pace.DEFAULT.lastScopes());

        assertThat(poll()).isEmpty();
        assertThat(session.holdings(SCOPED_ROUTES)).containsKey(CHAIN_SCOPE);
    }

    @Test
    void aListenerWaitsForTheTablesThatItsChainsFindByScopes() throws Exception {
        startAll();
        publish(Made.with(
                resources,
                Made.resource(LISTENER, "l", "2"),
                Made.resource(SCOPED_ROUTES, "s2", "1"),
                Made.resource(ROUTES, "r2", "1")));
        var scopes = only(poll());
        assertThat(names(scopes)).containsExactly("s2");

        ask(ROUTES, "r2");
        acknowledge(scopes);
        var tables = only(poll());
        assertThat(names(tables)).containsExactly("r2");
        acknowledge(tables);

        assertThat(names(only(poll()))).containsExactly("l");
    }

    @Test
    void aListenerDoesNotWaitForTablesWithoutALimit() throws Exception {
        startAll();
        publish(Made.with(resources, Made.resource(LISTENER, "l", "2"), Made.resource(SCOPED_ROUTES, "s2", "1")));
        poll();

        pass(Pace.DEFAULT.order());

        assertThat(names(only(poll()))).containsExactly("l");
    }

    @Test
    void aChangedClusterBringsItsEndpointsAgain() throws Exception {
        startAll();
        publish(Made.with(resources, Made.resource(CLUSTER, "a", "2")));

        var pushed = poll();

        assertThat(pushed)
                .extracting(DeltaDiscoveryResponse::getTypeUrl)
                .containsExactly(CLUSTER.url(), ENDPOINTS.url());
        assertThat(names(pushed.getLast())).containsExactly("a");
    }

    @Test
    void aClusterGoesAfterTheRouteThatNamedIt() throws Exception {
        startAll();
        publish(Made.without(resources, CLUSTER, "a").with(3, List.of(Made.resource(ROUTES, "r", "2")), Map.of()));

        var route = only(poll());
        assertThat(route.getTypeUrl()).isEqualTo(ROUTES.url());
        acknowledge(route);

        assertThat(only(poll()).getRemovedResourcesList()).containsExactly("a");
    }

    @Test
    void aRouteWaitsForTheClusterThatItNames() throws Exception {
        startAll();
        publish(Made.with(resources, Made.resource(CLUSTER, "b", "1"), Made.resource(ROUTES, "r", "2")));

        var cluster = only(poll());
        assertThat(names(cluster)).containsExactly("b");
        acknowledge(cluster);

        assertThat(names(only(poll()))).containsExactly("r");
    }

    @Test
    void aRefusedResourceIsNeverSentAgainAndItsLastGoodVersionStays() throws Exception {
        startAll();
        var good = version(ROUTES, "r");
        publish(Made.with(resources, Made.resource(ROUTES, "r", "bad")));
        refuse(only(poll()), "bad regex");
        assertThat(poll()).isEmpty();
        assertThat(session.holdings(ROUTES)).containsEntry("r", good);
        assertThat(refusals.standing(resources)).singleElement().satisfies(refusal -> {
            assertThat(refusal.resource().name()).isEqualTo("r");
            assertThat(refusal.reason()).isEqualTo("bad regex");
        });

        publish(Made.with(resources, Made.resource(ROUTES, "r", "mended")));
        acknowledge(only(poll()));

        assertThat(refusals.standing(resources)).isEmpty();
    }

    @Test
    void aRefusedClusterIsReplacedByItsLastGoodVersionSinceItMaySitInWarming() throws Exception {
        startAll();
        var good = version(CLUSTER, "a");
        publish(Made.with(resources, Made.resource(CLUSTER, "a", "bad")));
        refuse(poll().getFirst(), "no");

        assertThat(poll()).anySatisfy(response -> {
            assertThat(response.getTypeUrl()).isEqualTo(CLUSTER.url());
            assertThat(response.getResources(0).getVersion()).isEqualTo(good);
        });
    }

    @Test
    void aRefusedNewClusterIsNamedAsRemoved() throws Exception {
        startAll();
        publish(Made.with(resources, Made.resource(CLUSTER, "ring", "bad")));
        refuse(poll().getFirst(), "no");

        assertThat(poll())
                .anySatisfy(response ->
                        assertThat(response.getRemovedResourcesList()).containsExactly("ring"));
    }

    @Test
    void aClusterWithoutAnyAnswerIsTakenAsRefusedAfterABound() throws Exception {
        startAll();
        publish(Made.with(resources, Made.resource(CLUSTER, "ring", "bad")));
        poll();

        pass(Pace.DEFAULT.stuck());

        assertThat(poll())
                .anySatisfy(response ->
                        assertThat(response.getRemovedResourcesList()).containsExactly("ring"));
        assertThat(refusals.standing(resources)).hasSize(1);
    }

    @Test
    void theCulpritAmongManyIsFoundAndTheOthersAreServed() throws Exception {
        startAll();
        var many = IntStream.range(0, 200)
                .mapToObj(i -> Made.resource(SCOPED_ROUTES, "s" + i, "1"))
                .toArray(EnvoyResource[]::new);
        publish(Made.with(resources, many));

        int refusedResponses = answerAll(response -> response.getResourcesList().stream()
                .anyMatch(resource -> resource.getName().equals("s77")));

        assertThat(session.holdings(SCOPED_ROUTES)).hasSize(200).doesNotContainKey("s77");
        assertThat(refusedResponses).isLessThanOrEqualTo(9);
        assertThat(refusals.standing(resources))
                .extracting(refusal -> refusal.resource().name())
                .containsExactly("s77");
    }

    @Test
    void aCulpritThatTheMessageNamesIsTriedFirst() throws Exception {
        startAll();
        var many = IntStream.range(0, 100)
                .mapToObj(i -> Made.resource(LISTENER, "l" + i, "1"))
                .toArray(EnvoyResource[]::new);
        publish(Made.with(resources, many));
        refuse(only(poll()), "Error adding/updating listener(s) l7: port in use\n");

        assertThat(names(poll().getFirst())).containsExactly("l7");
    }

    @Test
    @Tag("H55")
    void strangeNoncesChangeNothingAndAreCounted() throws Exception {
        ask(LISTENER);
        var first = only(poll());
        session.request(request(LISTENER).setResponseNonce("invented").build(), now);
        session.request(request(LISTENER).setResponseNonce("x".repeat(65_536)).build(), now);
        assertThat(poll()).isEmpty();
        acknowledge(first);
        acknowledge(first);
        session.request(
                request(LISTENER)
                        .setResponseNonce(first.getNonce())
                        .setErrorDetail(Status.newBuilder().setMessage("late"))
                        .build(),
                now);

        assertThat(counters.strangeNonces()).isEqualTo(4);
        assertThat(refusals.standing(resources)).isEmpty();
        assertThat(poll()).isEmpty();
    }

    @Test
    @Tag("H57")
    void subscribingAndUnsubscribingInOneMessageAnswersTheName() throws Exception {
        ask(ROUTES, "r");
        acknowledge(only(poll()));
        session.request(
                request(ROUTES)
                        .addResourceNamesUnsubscribe("never")
                        .addResourceNamesUnsubscribe("r")
                        .addResourceNamesSubscribe("r")
                        .build(),
                now);

        assertThat(names(only(poll()))).containsExactly("r");
    }

    @Test
    void anUnsubscribedNameIsNotPushedAnyMore() throws Exception {
        ask(ROUTES, "r");
        acknowledge(only(poll()));
        session.request(request(ROUTES).addResourceNamesUnsubscribe("r").build(), now);
        publish(Made.with(resources, Made.resource(ROUTES, "r", "2")));

        assertThat(poll()).isEmpty();
    }

    @Test
    @Tag("H53")
    void anUnknownTypeIsAnsweredOnceWithNothing() throws Exception {
        var unknown = DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl("type.googleapis.com/envoy.api.v2.Cluster")
                .build();
        session.request(unknown, now);
        session.request(unknown, now);

        assertThat(only(poll()).getResourcesCount()).isZero();
        ask(LISTENER);
        assertThat(names(only(poll()))).containsExactly("l");
    }

    @Test
    @Tag("H53")
    void aSecretIsAnsweredAsMissingSinceAnotherDoorHasThem() throws Exception {
        ask(ResourceType.SECRET, "shop/key");

        assertThat(only(poll()).getRemovedResourcesList()).containsExactly("shop/key");
    }

    @Test
    @Tag("H56")
    void aProxyThatRefusesForEverIsAskedLessAndLess() throws Exception {
        var many = IntStream.range(0, 10_000)
                .mapToObj(i -> Made.resource(SCOPED_ROUTES, "s" + i, "1"))
                .toArray(EnvoyResource[]::new);
        publish(Made.with(resources, many));
        ask(SCOPED_ROUTES);

        int responses = 0;
        var end = now.plus(Duration.ofMinutes(10));
        while (now.isBefore(end)) {
            var sent = poll();
            responses += sent.size();
            for (var response : sent) {
                refuse(response, "x".repeat(10_000_000) + "\u0007");
            }
            var due = session.deadline(now);
            now = due == null ? end : due;
        }

        assertThat(responses).isLessThan(60);
        assertThat(refusals.standing(resources))
                .allSatisfy(refusal ->
                        assertThat(refusal.reason()).hasSizeLessThan(5_000).doesNotContain("\u0007"));
    }

    @Test
    void aRevisionIsReachedWhenAllItsResourcesAreTaken() throws Exception {
        startAll();
        assertThat(session.view(now).revision()).isEqualTo(1);
        publish(Made.with(resources, Made.resource(CLUSTER, "b", "1"), Made.resource(ROUTES, "r", "2")));
        acknowledge(only(poll()));
        assertThat(session.view(now).revision()).isEqualTo(1);
        acknowledge(only(poll()));

        assertThat(session.view(now).revision()).isEqualTo(2);
    }

    @Test
    void aRevisionThatChangesNothingForTheClassIsReachedAtOnce() throws Exception {
        startAll();
        publish(resources.with(7, List.of(), Map.of()));

        assertThat(poll()).isEmpty();
        assertThat(session.view(now).revision()).isEqualTo(7);
    }

    // ---- a proxy by hand

    private DeltaSession newSession() {
        return new DeltaSession(snapshot, refusals, counters, Pace.DEFAULT, DeltaSessionTest::encode);
    }

    private static Resource encode(EnvoyResource resource) {
        return Resource.newBuilder()
                .setName(resource.name())
                .setVersion(resource.version())
                .setResource(resource.toAny())
                .build();
    }

    private void startAll() throws ProtocolViolation {
        ask(CLUSTER);
        ask(ENDPOINTS, "a");
        ask(LISTENER);
        ask(SCOPED_ROUTES);
        ask(ROUTES, "r");
        answerAll(_ -> false);
        pass(Pace.DEFAULT.drain());
    }

    private int answerAll(java.util.function.Predicate<DeltaDiscoveryResponse> refuses) throws ProtocolViolation {
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

    private static DeltaDiscoveryRequest.Builder request(ResourceType type) {
        return DeltaDiscoveryRequest.newBuilder().setTypeUrl(type.url());
    }

    private void ask(ResourceType type, String... names) throws ProtocolViolation {
        session.request(
                request(type).addAllResourceNamesSubscribe(List.of(names)).build(), now);
    }

    private void acknowledge(DeltaDiscoveryResponse response) throws ProtocolViolation {
        session.request(answer(response).build(), now);
    }

    private void refuse(DeltaDiscoveryResponse response, String reason) throws ProtocolViolation {
        session.request(
                answer(response)
                        .setErrorDetail(Status.newBuilder().setMessage(reason))
                        .build(),
                now);
    }

    private static DeltaDiscoveryRequest.Builder answer(DeltaDiscoveryResponse response) {
        return DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(response.getTypeUrl())
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

    private List<DeltaDiscoveryResponse> poll() {
        var sent = new ArrayList<DeltaDiscoveryResponse>();
        for (@Nullable DeltaDiscoveryResponse response = session.poll(now);
                response != null;
                response = session.poll(now)) {
            sent.add(response);
        }
        return sent;
    }

    private static DeltaDiscoveryResponse only(List<DeltaDiscoveryResponse> responses) {
        assertThat(responses).hasSize(1);
        return responses.getFirst();
    }

    private static List<String> names(DeltaDiscoveryResponse response) {
        return response.getResourcesList().stream().map(Resource::getName).toList();
    }

    private String version(ResourceType type, String name) {
        return resources.find(type, name).orElseThrow().version();
    }
}
