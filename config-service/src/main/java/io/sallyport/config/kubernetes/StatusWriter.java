package io.sallyport.config.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.kubernetes.ObjectKey;
import io.sallyport.kubernetes.ServedKind;
import io.sallyport.proto.xds.v1.ListProxiesRequest;
import io.sallyport.proto.xds.v1.ListProxiesResponse;
import io.sallyport.proto.xds.v1.ProxyServiceGrpc;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
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
    private final Leadership leadership;
    private final Duration every;
    private final InstantSource clock;
    private final Semaphore wake = new Semaphore(0);
    private final AtomicLong written = new AtomicLong();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Thread owner;

    StatusWriter(
            KubernetesClient client,
            KubernetesSource source,
            RevisionLog revisions,
            Optional<Channel> proxies,
            Leadership leadership,
            Duration every,
            InstantSource clock) {
        this.client = client;
        this.source = source;
        this.revisions = revisions;
        this.proxies = proxies;
        this.leadership = leadership;
        this.every = every;
        this.clock = clock;
        this.owner = Thread.ofPlatform().name("config-status").daemon().unstarted(this::run);
    }

    void start() {
        owner.start();
    }

    /// How many objects' status it has written.
    long written() {
        return written.get();
    }

    private void run() {
        var subscription = revisions.subscribe(wake::release);
        try {
            while (stopped.getCount() > 0) {
                if (wake.tryAcquire(every.toMillis(), TimeUnit.MILLISECONDS)) {
                    wake.tryAcquire(Integer.MAX_VALUE, QUIET.toMillis(), TimeUnit.MILLISECONDS);
                    wake.drainPermits();
                }
                if (source.isReady() && leadership.renew()) {
                    writeAll();
                }
            }
        } catch (InterruptedException e) {
            log.atDebug().log("Stopped writing status");
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("Stopped writing status");
        } finally {
            subscription.close();
        }
    }

    private void writeAll() throws InterruptedException {
        var judgement = new Judgement(revisions.published(), source.current(), proxies());
        for (var entry : source.kinds().documents().entrySet()) {
            var served = source.watch().served(entry.getValue());
            if (served.isPresent() && served.get().hasStatus() && isOurs(served.get())) {
                for (var object : source.watch().all(entry.getValue())) {
                    write(served.get(), new ClusterObject(entry.getKey(), ObjectKey.of(object)), object, judgement);
                }
            }
        }
    }

    // A Service's status is Kubernetes', and those of Gateway API and Ingress have words of their own.
    private static boolean isOurs(ServedKind kind) {
        return kind.kind().group().endsWith(".istio.io") || kind.kind().group().equals("sallyport.io");
    }

    private void write(ServedKind served, ClusterObject name, GenericKubernetesResource object, Judgement judgement)
            throws InterruptedException {
        var conditions = judgement.conditions(name.ref());
        if (conditions.isEmpty() || !source.isJudged(name, object)) {
            return;
        }
        var before = object.getAdditionalProperties().get("status") instanceof Map<?, ?> map ? map : Map.of();
        var status =
                status(before, conditions, judgement, name, object.getMetadata().getGeneration());
        if (isSame(before, status)) {
            return;
        }
        // Between the look at the lease and this write there is no time to be stopped unnoticed for long: the version
        // of the object, which the next leader's write has changed, refuses ours.
        if (!leadership.isHeld() && !leadership.renew()) {
            return;
        }
        put(served, name.key(), object, status);
        if (stopped.await(BETWEEN_WRITES.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new InterruptedException("stopped");
        }
    }

    private void put(ServedKind served, ObjectKey key, GenericKubernetesResource object, Map<String, Object> status) {
        var changed = Serialization.clone(object);
        changed.setAdditionalProperty("status", status);
        try {
            // With the version that was judged, and of the status alone.
            client.genericKubernetesResources(served.definition())
                    .inNamespace(key.namespace())
                    .resource(changed)
                    .updateStatus();
            written.incrementAndGet();
        } catch (KubernetesClientException e) {
            // Changed or gone meanwhile (409, 404): the next look sees it as it is by then.
            if (e.getCode() != 409 && e.getCode() != 404) {
                log.atWarn()
                        .addKeyValue("object", served.kind() + " " + key)
                        .addKeyValue("reason", e.getMessage())
                        .log("Status cannot be written");
            }
        }
    }

    private Map<String, Object> status(
            Map<?, ?> before,
            List<Condition> conditions,
            Judgement judgement,
            ClusterObject name,
            @Nullable Long generation) {
        var status = new LinkedHashMap<String, Object>();
        before.forEach((key, value) -> status.put(String.valueOf(key), value));
        var all = new ArrayList<Object>();
        var known = before.get("conditions") instanceof List<?> list ? list : List.of();
        for (var each : known) {
            if (each instanceof Map<?, ?> condition
                    && conditions.stream().noneMatch(ours -> ours.type().equals(condition.get("type")))) {
                all.add(condition);
            }
        }
        conditions.forEach(condition -> all.add(spelled(condition, known)));
        status.put("conditions", all);
        status.put("validationMessages", messages(judgement, name));
        if (generation != null) {
            status.put("observedGeneration", generation);
        }
        return status;
    }

    private Map<String, Object> spelled(Condition condition, List<?> known) {
        var before = known.stream()
                .filter(each ->
                        each instanceof Map<?, ?> map && condition.type().equals(map.get("type")))
                .map(each -> (Map<?, ?>) each)
                .findFirst();
        var since = before.filter(map -> condition.status().equals(map.get("status")))
                .map(map -> map.get("lastTransitionTime"))
                .map(Object::toString)
                .orElseGet(() -> clock.instant().truncatedTo(ChronoUnit.SECONDS).toString());
        var spelled = new LinkedHashMap<String, Object>();
        spelled.put("type", condition.type());
        spelled.put("status", condition.status());
        spelled.put("reason", condition.reason());
        spelled.put("message", condition.message());
        spelled.put("lastTransitionTime", since);
        return spelled;
    }

    // As Istio's analysis writes them, where `istioctl` and dashboards look.
    private static List<Map<String, Object>> messages(Judgement judgement, ClusterObject name) {
        return judgement.findings(name.ref()).stream()
                .limit(50)
                .map(finding -> Map.<String, Object>of(
                        "type",
                        Map.of(
                                "code",
                                finding.code().id(),
                                "name",
                                finding.code().title()),
                        "level",
                        finding.code().severity().name()))
                .distinct()
                .toList();
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
        stopped.countDown();
        owner.interrupt();
        try {
            owner.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        leadership.release();
    }
}
