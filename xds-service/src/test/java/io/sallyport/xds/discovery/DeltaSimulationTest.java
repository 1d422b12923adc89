package io.sallyport.xds.discovery;

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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A delta stream and a proxy under random events: changes, lost and late answers, refusals, reconnects,
/// restarts of the proxy, names that come and go. What must hold is checked after each step, and at the end
/// both sides agree.
@Tag("V26")
class DeltaSimulationTest {

    private static final List<ResourceType> TYPES = List.of(
            ResourceType.CLUSTER,
            ResourceType.ENDPOINTS,
            ResourceType.LISTENER,
            ResourceType.SCOPED_ROUTES,
            ResourceType.ROUTES);

    static List<Long> seeds() {
        boolean nightly = Boolean.getBoolean("sallyport.nightly");
        long first = Long.getLong("sallyport.seed", nightly ? System.identityHashCode(new Object()) : 1);
        int rounds = nightly ? 20_000 : 150;
        var seeds = new ArrayList<Long>();
        for (int i = 0; i < rounds; i++) {
            seeds.add(first + i);
        }
        return seeds;
    }

    @ParameterizedTest(name = "seed {0} (-Dsallyport.seed={0})")
    @MethodSource("seeds")
    void theProxyEndsWithWhatItIsToHaveAndNothingIsSentInVain(long seed) throws Exception {
        try {
            new Simulation(new SplittableRandom(seed)).run(300);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("-Dsallyport.seed=" + seed + ": " + e.getMessage(), e);
        }
    }

    private static final class Simulation {

        private final SplittableRandom random;
        private final Refusals refusals = new Refusals();
        private final Counters counters = new Counters();
        private final Map<ResourceType, Map<String, String>> held = new EnumMap<>(ResourceType.class);
        private final Map<ResourceType, Set<String>> names = new EnumMap<>(ResourceType.class);
        private final Map<ResourceType, Deque<DeltaDiscoveryResponse>> unanswered = new EnumMap<>(ResourceType.class);
        private final Set<String> bad = new HashSet<>();
        private final Set<String> refused = new HashSet<>();
        private final Set<ResourceType> started = new HashSet<>();
        private Instant now = Instant.parse("2026-01-01T00:00:00Z");
        private EnvoyResources resources = EnvoyResources.EMPTY;
        private Snapshot snapshot = Snapshot.first(resources);
        private DeltaSession session = newSession();
        private int contents;

        private Simulation(SplittableRandom random) {
            this.random = random;
        }

        private DeltaSession newSession() {
            return new DeltaSession(snapshot, refusals, counters, Pace.DEFAULT, Simulation::encode);
        }

        private static Resource encode(EnvoyResource resource) {
            return Resource.newBuilder()
                    .setName(resource.name())
                    .setVersion(resource.version())
                    .build();
        }

        private void run(int steps) throws ProtocolViolation {
            for (int i = 0; i < steps; i++) {
                step();
                poll();
            }
            settle();
        }

        private void step() throws ProtocolViolation {
            switch (random.nextInt(12)) {
                case 0, 1, 2 -> publish();
                case 3, 4, 5, 6 -> answer(type());
                case 7 -> start(type());
                case 8 -> names(type());
                case 9 -> now = now.plusMillis(random.nextInt(5_000));
                case 10 -> strange(type());
                default -> {
                    if (random.nextInt(6) == 0) {
                        reconnect();
                    }
                }
            }
        }

        private ResourceType type() {
            return TYPES.get(random.nextInt(TYPES.size()));
        }

        private void publish() {
            var upserts = new ArrayList<EnvoyResource>();
            var removed = new EnumMap<ResourceType, Collection<String>>(ResourceType.class);
            int count = 1 + random.nextInt(random.nextInt(10) == 0 ? 40 : 3);
            for (int i = 0; i < count; i++) {
                var type = type();
                var name = "n" + random.nextInt(30);
                if (random.nextInt(4) == 0) {
                    removed.computeIfAbsent(type, _ -> new TreeSet<>()).add(name);
                    // What is taken out and put back is another matter.
                    refused.removeIf(key -> key.startsWith(type + " " + name + " "));
                } else {
                    // Old contents come back now and then.
                    contents++;
                    var resource = Made.resource(type, name, "c" + random.nextInt(contents / 2 + 1));
                    upserts.add(resource);
                    if (random.nextInt(12) == 0) {
                        bad.add(resource.version());
                    }
                }
            }
            resources = resources.with(resources.revision() + 1, upserts, removed);
            snapshot = snapshot.next(resources);
            // Several changes may come before the stream looks.
            if (random.nextInt(3) > 0) {
                session.advance(snapshot);
            }
        }

        private void start(ResourceType type) throws ProtocolViolation {
            if (!started.add(type)) {
                return;
            }
            var request =
                    DeltaDiscoveryRequest.newBuilder().setTypeUrl(type.url()).putAllInitialResourceVersions(held(type));
            if (isNamed(type)) {
                names(type, names).forEach(request::addResourceNamesSubscribe);
            }
            session.advance(snapshot);
            if (held(type).isEmpty()) {
                refused.removeIf(version -> version.startsWith(type + " "));
            }
            session.request(request.build(), now);
        }

        private static boolean isNamed(ResourceType type) {
            return type == ResourceType.ENDPOINTS || type == ResourceType.ROUTES;
        }

        private static Set<String> names(ResourceType type, Map<ResourceType, Set<String>> names) {
            return names.computeIfAbsent(type, _ -> new TreeSet<>(Set.of("n1", "n2")));
        }

        private void names(ResourceType type) throws ProtocolViolation {
            if (!started.contains(type) || !isNamed(type)) {
                return;
            }
            var name = "n" + random.nextInt(30);
            var request = DeltaDiscoveryRequest.newBuilder().setTypeUrl(type.url());
            if (names(type, names).add(name)) {
                request.addResourceNamesSubscribe(name);
            } else {
                names(type, names).remove(name);
                held(type).remove(name);
                request.addResourceNamesUnsubscribe(name);
            }
            session.request(request.build(), now);
        }

        private void strange(ResourceType type) throws ProtocolViolation {
            if (started.contains(type)) {
                var request = DeltaDiscoveryRequest.newBuilder()
                        .setTypeUrl(type.url())
                        .setResponseNonce("strange");
                if (random.nextBoolean()) {
                    request.setErrorDetail(Status.newBuilder().setMessage("strange"));
                }
                session.request(request.build(), now);
            }
        }

        private void reconnect() {
            started.clear();
            unanswered.clear();
            session = newSession();
            if (random.nextInt(4) == 0) {
                // A new proxy process.
                held.clear();
            }
        }

        private void poll() {
            for (var response = session.poll(now); response != null; response = session.poll(now)) {
                var type = ResourceType.of(response.getTypeUrl()).orElseThrow();
                var waiting = unanswered.computeIfAbsent(type, _ -> new ArrayDeque<>());
                if (type != ResourceType.CLUSTER) {
                    assertThat(waiting).as("outstanding %s", type).isEmpty();
                }
                waiting.add(response);
                for (var resource : response.getResourcesList()) {
                    assertThat(refused)
                            .as("refused versions of %s", resource.getName())
                            .doesNotContain(key(type, resource));
                    if (isNamed(type)) {
                        assertThat(names(type, names)).contains(resource.getName());
                    }
                }
            }
        }

        private static String key(ResourceType type, Resource resource) {
            return type + " " + resource.getName() + " " + resource.getVersion();
        }

        private void answer(ResourceType type) throws ProtocolViolation {
            var waiting = unanswered.getOrDefault(type, new ArrayDeque<>());
            var response = waiting.poll();
            if (response == null) {
                return;
            }
            var answer =
                    DeltaDiscoveryRequest.newBuilder().setTypeUrl(type.url()).setResponseNonce(response.getNonce());
            if (response.getResourcesList().stream().anyMatch(resource -> bad.contains(resource.getVersion()))) {
                takePart(type, response);
                answer.setErrorDetail(Status.newBuilder().setMessage(complaint(response)));
            } else {
                response.getResourcesList().forEach(resource -> take(type, resource));
            }
            response.getRemovedResourcesList().forEach(name -> held(type).remove(name));
            session.request(answer.build(), now);
        }

        // Envoy takes an arbitrary part of the good ones; its message names the culprit or does not.
        private void takePart(ResourceType type, DeltaDiscoveryResponse response) {
            for (var resource : response.getResourcesList()) {
                if (bad.contains(resource.getVersion())) {
                    boolean exists = resources.find(type, resource.getName()).isPresent();
                    if (response.getResourcesCount() == 1 && exists) {
                        refused.add(key(type, resource));
                    }
                } else if (random.nextBoolean()) {
                    take(type, resource);
                }
            }
        }

        private String complaint(DeltaDiscoveryResponse response) {
            return random.nextBoolean()
                    ? "no"
                    : response.getResourcesList().stream()
                            .filter(resource -> bad.contains(resource.getVersion()))
                            .map(resource -> "Error adding " + resource.getName() + ": no")
                            .findFirst()
                            .orElse("no");
        }

        private void take(ResourceType type, Resource resource) {
            if (!isNamed(type) || names(type, names).contains(resource.getName())) {
                held(type).put(resource.getName(), resource.getVersion());
            }
        }

        private Map<String, String> held(ResourceType type) {
            return held.computeIfAbsent(type, _ -> new TreeMap<>());
        }

        // No more changes: everything that can be taken is taken, then nothing more is sent, not after a reconnect
        // either.
        private void settle() throws ProtocolViolation {
            for (var type : TYPES) {
                start(type);
            }
            drain();
            agree();
            started.clear();
            session = newSession();
            for (var type : TYPES) {
                start(type);
            }
            assertThat(session.poll(now))
                    .as("after a reconnect")
                    .satisfiesAnyOf(response -> assertThat(response).isNull(), this::isFirstOrRefused);
            drain();
            agree();
        }

        // What is sent after a reconnect is new to the proxy: a table without anything, or a name that it has not.
        private void isFirstOrRefused(DeltaDiscoveryResponse response) {
            var type = ResourceType.of(response.getTypeUrl()).orElseThrow();
            unanswered.computeIfAbsent(type, _ -> new ArrayDeque<>()).add(response);
            for (var resource : response.getResourcesList()) {
                assertThat(held(type)).doesNotContainEntry(resource.getName(), resource.getVersion());
            }
        }

        private void drain() throws ProtocolViolation {
            session.advance(snapshot);
            for (int i = 0; i < 2_000; i++) {
                poll();
                for (var type : TYPES) {
                    answer(type);
                }
                if (unanswered.values().stream().allMatch(Deque::isEmpty)) {
                    now = now.plus(Duration.ofSeconds(1));
                    poll();
                    if (session.deadline(now) == null
                            && unanswered.values().stream().allMatch(Deque::isEmpty)) {
                        return;
                    }
                }
            }
            throw new AssertionError("the stream does not come to rest");
        }

        private void agree() {
            for (var type : TYPES) {
                var wanted = new TreeMap<String, String>();
                resources.all(type).forEach((name, resource) -> {
                    if (!isNamed(type) || names(type, names).contains(name)) {
                        wanted.put(name, resource.version());
                    }
                });
                held(type).forEach((name, version) -> {
                    if (!version.equals(wanted.get(name))) {
                        assertThat(bad)
                                .as("%s %s is not the newest", type, name)
                                .contains(wanted.get(name));
                    }
                });
                wanted.forEach((name, version) -> {
                    if (!bad.contains(version)) {
                        assertThat(held(type)).as("%s", type).containsEntry(name, version);
                    }
                });
            }
            assertThat(session.view(now).revision()).isEqualTo(resources.revision());
        }
    }
}
