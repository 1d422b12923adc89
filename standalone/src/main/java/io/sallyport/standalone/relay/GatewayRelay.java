package io.sallyport.standalone.relay;

import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.secret.store.SealedFiles;
import io.sallyport.secret.store.SecretStoreException;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// The relay of one gateway: [#discovery] and [#secrets] are what its Envoy calls in place of the services. Only the
/// incremental protocols are served, which the bootstrap chooses.
public final class GatewayRelay implements AutoCloseable {

    private final KeptResources kept;
    private final ServiceBehind discovery;
    private final ServiceBehind secrets;
    private final ExecutorService turns = Executors.newVirtualThreadPerTaskExecutor();

    /// `files` is where resources are kept; the channels lead to xds-service and secret-service.
    public GatewayRelay(SealedFiles files, ManagedChannel discovery, ManagedChannel secrets)
            throws SecretStoreException {
        this.kept = new KeptResources(files);
        this.discovery = new ServiceBehind(
                "xds-service", discovery, AggregatedDiscoveryServiceGrpc.newStub(discovery)::deltaAggregatedResources);
        this.secrets =
                new ServiceBehind("secret-service", secrets, SecretDiscoveryServiceGrpc.newStub(secrets)::deltaSecrets);
    }

    /// In place of xds-service.
    public BindableService discovery() {
        return new AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase() {
            @Override
            public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(
                    StreamObserver<DeltaDiscoveryResponse> responses) {
                return open(discovery, responses);
            }
        };
    }

    /// In place of secret-service.
    public BindableService secrets() {
        return new SecretDiscoveryServiceGrpc.SecretDiscoveryServiceImplBase() {
            @Override
            public StreamObserver<DeltaDiscoveryRequest> deltaSecrets(
                    StreamObserver<DeltaDiscoveryResponse> responses) {
                return open(secrets, responses);
            }
        };
    }

    private StreamObserver<DeltaDiscoveryRequest> open(
            ServiceBehind behind, StreamObserver<DeltaDiscoveryResponse> responses) {
        var stream =
                new RelayedStream((ServerCallStreamObserver<DeltaDiscoveryResponse>) responses, behind, kept, turns);
        stream.begin();
        return stream;
    }

    /// Why an Envoy that starts now would not serve; empty when it would.
    public Optional<String> missing() {
        return kept.hasListeners() ? Optional.empty() : discovery.absence();
    }

    /// Registers what there is to measure: how many calls are answered by what is kept, and how much that is.
    public void measure(MeterRegistry registry) {
        Gauge.builder("sallyport_relay_kept_streams", discovery, ServiceBehind::missing)
                .description("Calls that are answered from what is kept, since the service is away.")
                .tag("service", "xds")
                .register(registry);
        Gauge.builder("sallyport_relay_kept_streams", secrets, ServiceBehind::missing)
                .description("Calls that are answered from what is kept, since the service is away.")
                .tag("service", "secret")
                .register(registry);
        Gauge.builder("sallyport_relay_kept_resources", kept, KeptResources::size)
                .description("Resources that are kept for a time without the services.")
                .register(registry);
    }

    @Override
    public void close() {
        discovery.close();
        secrets.close();
        turns.shutdown();
        kept.close();
    }
}
