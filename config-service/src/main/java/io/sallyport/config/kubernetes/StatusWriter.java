package io.sallyport.config.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.sallyport.analysis.gatewayapi.GatewayApi;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.config.store.Subscription;
import io.sallyport.kubernetes.ObjectKey;
import io.sallyport.kubernetes.ServedKind;
import io.sallyport.model.Kind;
import io.sallyport.proto.xds.v1.ListProxiesRequest;
import io.sallyport.proto.xds.v1.ListProxiesResponse;
import io.sallyport.proto.xds.v1.ProxyServiceGrpc;
import io.sallyport.runtime.SteadyLoop;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes into each object's status what became of it, as the one replica that may ([Leadership]). A write names the
/// version of the object that it was judged by, so that a writer that was stopped in between changes nothing; it
/// replaces the conditions that are ours and keeps those of others. Nothing is written that is there already.
final class StatusWriter implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(StatusWriter.class);

    private static final Duration QUIET = Duration.ofMillis(200);
    private static final Duration BETWEEN_WRITES = Duration.ofMillis(20);
    private static final int ANSWER_SECONDS = 2;

    private final KubernetesClient client;
    private final KubernetesSource source;
    private final RevisionLog revisions;
    private final Optional<Channel> proxies;
    private final KeyPairs keyPairs;
    private final Leadership leadership;
    private final Duration every;
    private final InstantSource clock;
    private final Semaphore wake = new Semaphore(0);
    // Nobody releases it: a wait that closing interrupts.
    private final Semaphore pause = new Semaphore(0);
    private final AtomicLong written = new AtomicLong();
    private final Subscription subscription;
    private final SteadyLoop loop;

    private StatusWriter(
            KubernetesClient client,
            KubernetesSource source,
            RevisionLog revisions,
            Optional<Channel> proxies,
            KeyPairs keyPairs,
            Leadership leadership,
            Duration every,
            InstantSource clock) {
        this.client = client;
        this.source = source;
        this.revisions = revisions;
        this.proxies = proxies;
        this.keyPairs = keyPairs;
        this.leadership = leadership;
        this.every = every;
        this.clock = clock;
        this.subscription = revisions.subscribe(wake::release);
        this.loop = SteadyLoop.start("config-status", this::turn);
    }

    /// Starts to write; returns at once.
    static StatusWriter start(
            KubernetesClient client,
            KubernetesSource source,
            RevisionLog revisions,
            Optional<Channel> proxies,
            KeyPairs keyPairs,
            Leadership leadership,
            Duration every,
            InstantSource clock) {
        return new StatusWriter(client, source, revisions, proxies, keyPairs, leadership, every, clock);
    }

    /// How many times it failed and went on.
    long failures() {
        return loop.failures();
    }

    /// How many objects' status it has written.
    long written() {
        return written.get();
    }

    private void turn(boolean again) throws InterruptedException {
        if (wake.tryAcquire(every.toMillis(), TimeUnit.MILLISECONDS)) {
            wake.tryAcquire(Integer.MAX_VALUE, QUIET.toMillis(), TimeUnit.MILLISECONDS);
            wake.drainPermits();
        }
        if (source.isReady() && leadership.renew()) {
            writeAll();
        }
    }

    private void writeAll() throws InterruptedException {
        // In this order: what is said of a state that is judged is about that state.
        var judged = source.judged();
        var judgement = new Judgement(revisions.published(), source.current(), proxies(), keyPairs);
        var istio = new IstioStatus(judgement, clock);
        var standard = new StandardStatus(judgement, new ServiceAddresses(this::service), clock);
        for (var entry : source.kinds().documents().entrySet()) {
            var served = source.watch().served(entry.getValue());
            var status = text(entry.getKey(), istio, standard);
            if (served.isEmpty() || !served.get().hasStatus() || status.isEmpty()) {
                continue;
            }
            for (var object : source.watch().all(entry.getValue())) {
                var name = new ClusterObject(entry.getKey(), ObjectKey.of(object));
                if (judged.isAbout(name, object)) {
                    write(served.get(), name, object, status.get());
                }
            }
        }
    }

    // A Service's status is Kubernetes'.
    private static Optional<StatusText> text(Kind kind, StatusText istio, StatusText standard) {
        if (GatewayApi.KINDS.contains(kind)) {
            return Optional.of(standard);
        }
        return kind.group().endsWith(".istio.io") || kind.group().equals("sallyport.io")
                ? Optional.of(istio)
                : Optional.empty();
    }

    private Optional<GenericKubernetesResource> service(ObjectKey key) {
        return Optional.ofNullable(source.kinds().documents().get(Kind.SERVICE))
                .flatMap(kind -> source.watch().find(kind, key));
    }

    private void write(ServedKind served, ClusterObject name, GenericKubernetesResource object, StatusText text)
            throws InterruptedException {
        var before = object.getAdditionalProperties().get("status") instanceof Map<?, ?> map ? map : Map.of();
        var status = text.status(name, object, before);
        if (status.isEmpty() || isSame(before, status.get())) {
            return;
        }
        // Between the look at the lease and this write there is no time to be stopped unnoticed for long: the version
        // of the object, which the next leader's write has changed, refuses ours.
        if (!leadership.isHeld() && !leadership.renew()) {
            return;
        }
        put(served, object, status.get());
        pause.tryAcquire(BETWEEN_WRITES.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void put(ServedKind served, GenericKubernetesResource object, Map<String, Object> status) {
        var changed = Serialization.clone(object);
        changed.setAdditionalProperty("status", status);
        try {
            // With the version that was judged, and of the status alone.
            var all = client.genericKubernetesResources(served.definition());
            var key = ObjectKey.of(object);
            (served.isNamespaced() ? all.inNamespace(key.namespace()) : all)
                    .resource(changed)
                    .updateStatus();
            written.incrementAndGet();
        } catch (KubernetesClientException e) {
            // Changed or gone meanwhile (409, 404): the next look sees it as it is by then.
            if (e.getCode() != 409 && e.getCode() != 404) {
                log.atWarn()
                        .addKeyValue("object", served.kind() + " " + ObjectKey.of(object))
                        .addKeyValue("reason", e.getMessage())
                        .log("Status cannot be written");
            }
        }
    }

    // Neither the order of fields nor the Java type of a number is a difference.
    private static boolean isSame(Map<?, ?> before, Map<String, Object> now) {
        return tree(before).equals(tree(now));
    }

    private static JsonNode tree(Map<?, ?> value) {
        return Serialization.unmarshal(Serialization.asJson(value), JsonNode.class);
    }

    private Optional<ListProxiesResponse> proxies() {
        if (proxies.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(ProxyServiceGrpc.newBlockingStub(proxies.get())
                    .withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS)
                    .listProxies(ListProxiesRequest.getDefaultInstance()));
        } catch (StatusRuntimeException e) {
            log.atDebug().addKeyValue("status", e.getStatus().getCode()).log("xds-service does not say who runs what");
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        subscription.close();
        loop.close();
        leadership.release();
    }
}
