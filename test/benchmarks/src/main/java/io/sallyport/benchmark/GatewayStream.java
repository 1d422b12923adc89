package io.sallyport.benchmark;

import com.google.common.primitives.Bytes;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.ScopedRouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A gateway as xds-service sees it: one delta stream that subscribes as Envoy does and acknowledges everything. It
/// keeps no resources, so that fifty of them fit beside the server under test.
final class GatewayStream implements StreamObserver<DeltaDiscoveryResponse> {

    private static final String PREFIX = "type.googleapis.com/envoy.config.";
    private static final String CLUSTER = PREFIX + "cluster.v3.Cluster";
    private static final String ENDPOINTS = PREFIX + "endpoint.v3.ClusterLoadAssignment";
    private static final String LISTENER = PREFIX + "listener.v3.Listener";
    private static final String ROUTES = PREFIX + "route.v3.RouteConfiguration";
    private static final String SCOPED_ROUTES = PREFIX + "route.v3.ScopedRouteConfiguration";

    private static final String EXTENSIONS = PREFIX + "core.v3.TypedExtensionConfig";

    /// A text that a run waits for: each stream counts down for the first `times` resources in which it sees it.
    record Mark(ByteString text, int times, CountDownLatch seen) {

        /// Once for each stream.
        Mark(ByteString text, CountDownLatch seen) {
            this(text, 1, seen);
        }
    }

    private record Awaited(Mark mark, AtomicInteger left) {}

    private final StreamObserver<DeltaDiscoveryRequest> requests;
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong resources = new AtomicLong();
    private final AtomicLong listeners = new AtomicLong();
    private final Set<String> endpointNames = new LinkedHashSet<>();
    private final Set<String> routeNames = new LinkedHashSet<>();
    private final Set<String> extensionNames = new LinkedHashSet<>();
    private boolean asksForScopes;
    private volatile @Nullable Awaited awaited;

    GatewayStream(ManagedChannel channel, int number) {
        this.requests = AggregatedDiscoveryServiceGrpc.newStub(channel).deltaAggregatedResources(this);
        requests.onNext(DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(CLUSTER)
                .setNode(node(number))
                .build());
        requests.onNext(DeltaDiscoveryRequest.newBuilder().setTypeUrl(LISTENER).build());
    }

    private static Node node(int number) {
        var labels = Struct.newBuilder().putFields("istio", text("ingressgateway"));
        return Node.newBuilder()
                .setId("router~127.0.0.1~gw-%d.istio-system~istio-system.svc.cluster.local".formatted(number))
                .setMetadata(Struct.newBuilder()
                        .putFields("NAMESPACE", text("istio-system"))
                        .putFields("NAME", text("istio-ingressgateway"))
                        .putFields(
                                "LABELS",
                                Value.newBuilder().setStructValue(labels).build()))
                .build();
    }

    private static Value text(String value) {
        return Value.newBuilder().setStringValue(value).build();
    }

    void await(Mark mark) {
        awaited = new Awaited(mark, new AtomicInteger(mark.times()));
    }

    long bytes() {
        return bytes.get();
    }

    /// How many listeners came, each time that one came.
    long listeners() {
        return listeners.get();
    }

    long resources() {
        return resources.get();
    }

    @Override
    public void onNext(DeltaDiscoveryResponse response) {
        bytes.addAndGet(response.getSerializedSize());
        resources.addAndGet(response.getResourcesCount());
        if (response.getTypeUrl().equals(LISTENER)) {
            listeners.addAndGet(response.getResourcesCount());
        }
        look(response);
        synchronized (this) {
            requests.onNext(DeltaDiscoveryRequest.newBuilder()
                    .setTypeUrl(response.getTypeUrl())
                    .setResponseNonce(response.getNonce())
                    .build());
            subscribe(response);
        }
    }

    private void look(DeltaDiscoveryResponse response) {
        var looked = awaited;
        if (looked == null) {
            return;
        }
        for (var resource : response.getResourcesList()) {
            if (contains(resource.getResource().getValue(), looked.mark().text())) {
                boolean isLast = looked.left().decrementAndGet() == 0;
                if (isLast) {
                    // Before anybody hears of it: the next mark may come at once.
                    awaited = null;
                }
                looked.mark().seen().countDown();
                if (isLast) {
                    return;
                }
            }
        }
    }

    private static boolean contains(ByteString bytes, ByteString text) {
        return Bytes.indexOf(bytes.toByteArray(), text.toByteArray()) >= 0;
    }

    private void subscribe(DeltaDiscoveryResponse response) {
        try {
            switch (response.getTypeUrl()) {
                case CLUSTER -> {
                    var names = new LinkedHashSet<String>();
                    for (var resource : response.getResourcesList()) {
                        var cluster = Cluster.parseFrom(resource.getResource().getValue());
                        if (cluster.getType() == Cluster.DiscoveryType.EDS && endpointNames.add(cluster.getName())) {
                            names.add(cluster.getName());
                        }
                    }
                    ask(ENDPOINTS, names);
                }
                case LISTENER -> {
                    for (var resource : response.getResourcesList()) {
                        follow(Listener.parseFrom(resource.getResource().getValue()));
                    }
                }
                case EXTENSIONS -> {
                    for (var resource : response.getResourcesList()) {
                        var extension = TypedExtensionConfig.parseFrom(
                                resource.getResource().getValue());
                        follow(extension.getTypedConfig().unpack(HttpConnectionManager.class));
                    }
                }
                case SCOPED_ROUTES -> {
                    var names = new LinkedHashSet<String>();
                    for (var resource : response.getResourcesList()) {
                        var scope = ScopedRouteConfiguration.parseFrom(
                                resource.getResource().getValue());
                        if (!scope.hasRouteConfiguration() && routeNames.add(scope.getRouteConfigurationName())) {
                            names.add(scope.getRouteConfigurationName());
                        }
                    }
                    ask(ROUTES, names);
                }
                default -> {
                    // Nothing refers onwards from here.
                }
            }
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a resource that cannot be parsed", e);
        }
    }

    private void follow(Listener listener) throws InvalidProtocolBufferException {
        for (var chain : listener.getFilterChainsList()) {
            for (var filter : chain.getFiltersList()) {
                if (filter.hasConfigDiscovery() && extensionNames.add(filter.getName())) {
                    ask(EXTENSIONS, List.of(filter.getName()));
                } else if (filter.getTypedConfig().is(HttpConnectionManager.class)) {
                    follow(filter.getTypedConfig().unpack(HttpConnectionManager.class));
                }
            }
        }
    }

    private void follow(HttpConnectionManager manager) {
        if (manager.hasScopedRoutes() && !asksForScopes) {
            asksForScopes = true;
            requests.onNext(
                    DeltaDiscoveryRequest.newBuilder().setTypeUrl(SCOPED_ROUTES).build());
        }
        var name = manager.getRds().getRouteConfigName();
        if (manager.hasRds() && routeNames.add(name)) {
            ask(ROUTES, List.of(name));
        }
    }

    private void ask(String type, Iterable<String> names) {
        if (names.iterator().hasNext()) {
            requests.onNext(DeltaDiscoveryRequest.newBuilder()
                    .setTypeUrl(type)
                    .addAllResourceNamesSubscribe(names)
                    .build());
        }
    }

    @Override
    public void onError(Throwable failure) {
        // A closed channel ends the stream; a run that still waits runs into its limit and says so.
    }

    @Override
    public void onCompleted() {
        requests.onCompleted();
    }
}
