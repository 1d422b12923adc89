package io.sallyport.standalone;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.HistoryRequest;
import io.sallyport.proto.config.v1.RevisionEntry;
import io.sallyport.proto.config.v1.StatusRequest;
import io.sallyport.proto.config.v1.StatusResponse;
import io.sallyport.proto.config.v1.WatchRequest;
import io.sallyport.proto.config.v1.WatchResponse;
import io.sallyport.proto.xds.v1.GetProxyConfigRequest;
import io.sallyport.proto.xds.v1.ListProxiesRequest;
import io.sallyport.proto.xds.v1.Proxy;
import io.sallyport.proto.xds.v1.ProxyServiceGrpc;
import io.sallyport.standalone.envoy.ProxyName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// What `up` asks its own services, over the same gRPC as anybody else.
final class ServiceClients {

    private static final Duration DEADLINE = Duration.ofSeconds(10);

    private final ConfigServiceGrpc.ConfigServiceBlockingStub config;
    private final ProxyServiceGrpc.ProxyServiceBlockingStub proxies;

    ServiceClients(Channel channel) {
        this.config = ConfigServiceGrpc.newBlockingStub(channel);
        this.proxies = ProxyServiceGrpc.newBlockingStub(channel);
    }

    StatusResponse status() {
        return config.withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
                .status(StatusRequest.getDefaultInstance());
    }

    /// The same, however long it takes to judge what is stored: on a busy machine ten thousand objects take longer than
    /// one call may.
    StatusResponse awaitStatus() {
        while (true) {
            try {
                return status();
            } catch (StatusRuntimeException e) {
                if (e.getStatus().getCode() != Status.Code.DEADLINE_EXCEEDED) {
                    throw e;
                }
            }
        }
    }

    /// Blocks in `next` until there is something; ends when the service does.
    Iterator<WatchResponse> watch(long from) {
        return config.watch(WatchRequest.newBuilder().setFrom(from).build());
    }

    /// One revision with what it changed; absent when it is pruned.
    Optional<RevisionEntry> revision(long revision) {
        var request =
                HistoryRequest.newBuilder().setBefore(revision + 1).setLimit(1).build();
        var entries = config.withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
                .history(request)
                .getRevisionsList();
        return entries.stream().filter(entry -> entry.getRevision() == revision).findFirst();
    }

    /// What a proxy was told to listen on; nothing while xds-service does not know.
    List<Listener> listeners(ProxyName proxy) {
        try {
            var request = GetProxyConfigRequest.newBuilder()
                    .setProxy(proxy.name() + "." + proxy.namespace())
                    .addTypes("type.googleapis.com/envoy.config.listener.v3.Listener")
                    .build();
            var listeners = new ArrayList<Listener>();
            for (var resource : proxies.withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
                    .getProxyConfig(request)
                    .getResourcesList()) {
                listeners.add(resource.getResource().unpack(Listener.class));
            }
            return listeners;
        } catch (StatusRuntimeException | InvalidProtocolBufferException e) {
            return List.of();
        }
    }

    /// The proxies that are connected; none while xds-service does not answer.
    List<Proxy> proxies() {
        try {
            return proxies.withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
                    .listProxies(ListProxiesRequest.getDefaultInstance())
                    .getProxiesList();
        } catch (StatusRuntimeException e) {
            return List.of();
        }
    }
}
