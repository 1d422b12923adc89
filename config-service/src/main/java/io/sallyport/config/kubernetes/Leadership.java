package io.sallyport.config.kubernetes;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which of several replicas may do what only one should: whoever holds a Lease. Another's Lease is taken when nobody
/// has renewed it for its duration on *our* clock, so that clocks that differ do no harm; and whoever could not renew
/// its own for most of that time no longer counts itself as its holder, also when it was stopped meanwhile. All that is
/// measured by a clock that nobody can set: with the machine's, a replica whose time is put forward would take a Lease
/// that is held. The machine's stands in the Lease for people alone.
/// Belongs to one thread.
final class Leadership {

    private static final Logger log = LoggerFactory.getLogger(Leadership.class);

    static final Duration DURATION = Duration.ofSeconds(15);
    private static final Duration TRUSTED = Duration.ofSeconds(10);

    private final KubernetesClient client;
    private final String namespace;
    private final String name;
    private final String identity;
    private final InstantSource wall;
    private final InstantSource steady;
    private @Nullable Instant renewed;
    private String seenVersion = "";
    private Instant seenSince = Instant.EPOCH;

    Leadership(
            KubernetesClient client,
            String namespace,
            String name,
            String identity,
            InstantSource wall,
            InstantSource steady) {
        this.client = client;
        this.namespace = namespace;
        this.name = name;
        this.identity = identity;
        this.wall = wall;
        this.steady = steady;
    }

    /// Whether we hold it, for a few more seconds at least.
    boolean isHeld() {
        var since = renewed;
        return since != null && steady.instant().isBefore(since.plus(TRUSTED));
    }

    /// Takes or renews it if that may be; tells whether we hold it.
    boolean renew() {
        var before = isHeld();
        var asked = steady.instant();
        try {
            var lease = client.leases().inNamespace(namespace).withName(name).get();
            if (lease == null) {
                client.resource(mine(new LeaseBuilder()
                                .withNewMetadata()
                                .withNamespace(namespace)
                                .withName(name)
                                .endMetadata()
                                .build()))
                        .create();
                renewed = asked;
            } else if (isFree(lease, asked)) {
                client.resource(mine(lease))
                        .lockResourceVersion(lease.getMetadata().getResourceVersion())
                        .update();
                renewed = asked;
            } else {
                renewed = null;
            }
        } catch (KubernetesClientException e) {
            // Another replica was faster, or the API server is away: what we hold runs out by itself.
            log.atDebug().addKeyValue("reason", e.getMessage()).log("Lease not renewed");
            if (e.getCode() == 409) {
                renewed = null;
            }
        }
        if (isHeld() != before) {
            log.atInfo().addKeyValue("holder", isHeld()).log("Leadership changed");
        }
        return isHeld();
    }

    private boolean isFree(Lease lease, Instant now) {
        var spec = lease.getSpec();
        var holder = spec == null ? null : spec.getHolderIdentity();
        var version = lease.getMetadata().getResourceVersion();
        if (!version.equals(seenVersion)) {
            seenVersion = version;
            seenSince = now;
        }
        return holder == null
                || holder.isEmpty()
                || holder.equals(identity)
                || !now.isBefore(seenSince.plus(duration(spec)));
    }

    private static Duration duration(@Nullable LeaseSpec spec) {
        var seconds = spec == null ? null : spec.getLeaseDurationSeconds();
        return seconds == null ? DURATION : Duration.ofSeconds(seconds);
    }

    private Lease mine(Lease lease) {
        var now = ZonedDateTime.ofInstant(wall.instant(), ZoneOffset.UTC);
        var before = lease.getSpec();
        var isOurs = before != null && identity.equals(before.getHolderIdentity());
        var transitions = before == null || before.getLeaseTransitions() == null ? 0 : before.getLeaseTransitions();
        return new LeaseBuilder(lease)
                .withNewSpec()
                .withHolderIdentity(identity)
                .withLeaseDurationSeconds((int) DURATION.toSeconds())
                .withAcquireTime(isOurs ? before.getAcquireTime() : now)
                .withRenewTime(now)
                .withLeaseTransitions(isOurs ? transitions : transitions + 1)
                .endSpec()
                .build();
    }

    /// Lets another replica have it at once.
    void release() {
        if (!isHeld()) {
            return;
        }
        renewed = null;
        try {
            var lease = client.leases().inNamespace(namespace).withName(name).get();
            if (lease != null
                    && lease.getSpec() != null
                    && identity.equals(lease.getSpec().getHolderIdentity())) {
                lease.getSpec().setHolderIdentity("");
                client.resource(lease)
                        .lockResourceVersion(lease.getMetadata().getResourceVersion())
                        .update();
            }
        } catch (KubernetesClientException e) {
            log.atDebug().addKeyValue("reason", e.getMessage()).log("Lease not released; it runs out");
        }
    }
}
