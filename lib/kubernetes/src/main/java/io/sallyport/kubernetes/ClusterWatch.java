package io.sallyport.kubernetes;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.sallyport.runtime.SteadyLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps up with all objects of some kinds. Events carry names alone, and whoever hears one asks [#find] for what the
/// object is by now: a repeated, late or reordered event changes nothing, and a lost one is made up for by the next
/// list. An object is known to be absent only when its kind [#isListed].
///
/// A kind that is not served is looked for again and again, so that its CRD may be installed later. While the API
/// server is away everything stays as it was; when it is back, and now and then, all is listed anew, since a connection
/// that died silently may have lost events.
public final class ClusterWatch implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ClusterWatch.class);

    /// Hears what happens, on the client's threads: it must only take note.
    public interface Listener {

        /// The object came, changed or went.
        void changed(WantedKind kind, ObjectKey key);

        /// All objects of the kind are known, for the first time or anew.
        void listed(WantedKind kind);
    }

    private final KubernetesClient client;
    private final Discovery discovery;
    private volatile List<WantedKind> wanted;
    private final AtomicBoolean wantsOthers = new AtomicBoolean();
    private final List<String> namespaces;
    private final Duration lookAgain;
    private final int looksToList;
    private final Listener listener;
    private final Map<WantedKind, KindWatch> current = new ConcurrentHashMap<>();
    private final Semaphore listed = new Semaphore(0);
    private final SteadyLoop loop;
    // Confined to the owner thread: watches that are still listing, and will replace the current ones.
    private final Map<WantedKind, KindWatch> coming = new HashMap<>();
    private boolean wasAway;
    private boolean hasLooked;
    private int looks;
    private volatile boolean discovered;
    private volatile boolean away;
    private volatile List<String> problems = List.of();
    private volatile Map<WantedKind, String> refusals = Map.of();

    private ClusterWatch(
            KubernetesClient client, Collection<WantedKind> wanted, ClusterSettings settings, Listener listener) {
        this.client = client;
        this.discovery = new Discovery(client);
        this.wanted = ImmutableList.copyOf(wanted);
        this.namespaces = settings.namespaces();
        this.lookAgain = settings.lookAgain();
        this.looksToList = Math.max(1, (int) settings.listAgain().dividedBy(settings.lookAgain()));
        this.listener = listener;
        this.loop = SteadyLoop.start("kubernetes-watch", this::turn);
    }

    /// Starts to watch; returns at once. The client stays the caller's to close.
    public static ClusterWatch start(
            KubernetesClient client, Collection<WantedKind> wanted, ClusterSettings settings, Listener listener) {
        return new ClusterWatch(client, wanted, settings, listener);
    }

    /// Wants these kinds from now on, and lets the others go.
    public void want(Collection<WantedKind> kinds) {
        wanted = ImmutableList.copyOf(kinds);
        wantsOthers.set(true);
        listed.release();
    }

    /// The object as it was last heard of; empty if it is not there, or its kind is not known yet.
    public Optional<GenericKubernetesResource> find(WantedKind kind, ObjectKey key) {
        return Optional.ofNullable(current.get(kind)).flatMap(watch -> watch.find(key));
    }

    /// All objects of a kind as they were last heard of.
    public List<GenericKubernetesResource> all(WantedKind kind) {
        var watch = current.get(kind);
        return watch == null ? List.of() : watch.all();
    }

    /// Whether all objects of the kind have been listed: only then one that is not found does not exist.
    public boolean isListed(WantedKind kind) {
        var watch = current.get(kind);
        return watch != null && watch.isListed();
    }

    /// How a kind is served; empty while that is not known.
    public Optional<ServedKind> served(WantedKind kind) {
        return Optional.ofNullable(current.get(kind)).map(KindWatch::served);
    }

    /// Whether every kind that the API server serves has been listed.
    public boolean isComplete() {
        return discovered && problems.isEmpty();
    }

    /// Whether the API server answers, so that what it serves is known.
    public boolean isReachable() {
        return discovered && !away;
    }

    /// Whether the API server does not answer.
    public boolean isAway() {
        return away;
    }

    /// What keeps it from being complete.
    public List<String> problems() {
        return problems;
    }

    /// Why a kind cannot be listed; empty: nothing is known to be in the way.
    public String problem(WantedKind kind) {
        return refusals.getOrDefault(kind, "");
    }

    /// How many times it failed and went on.
    public long failures() {
        return loop.failures();
    }

    private void turn(boolean again) throws InterruptedException {
        if (!hasLooked || again) {
            hasLooked = true;
            look();
        } else if (listed.tryAcquire(lookAgain.toMillis(), TimeUnit.MILLISECONDS)) {
            listed.drainPermits();
            if (wantsOthers.getAndSet(false)) {
                look();
            }
            promote();
            problems = missing();
        } else {
            look();
        }
    }

    private void look() {
        var kinds = wanted;
        letGo(coming, kinds);
        letGo(current, kinds);
        try {
            var served = discovery.served(kinds);
            var anew = wasAway || ++looks % looksToList == 0;
            wasAway = false;
            away = false;
            served.values().forEach(kind -> watch(kind, anew));
            // In this order: whoever sees that all is discovered sees what of it is still missing.
            problems = missing();
            discovered = true;
        } catch (KubernetesClientException e) {
            // A server that is only too busy is not asked for even more.
            wasAway |= e.getCode() < 400 || e.getCode() >= 500;
            if (!away) {
                log.atWarn().addKeyValue("reason", e.getMessage()).log("Kubernetes API is away; everything stays");
            }
            away = true;
        }
        problems = missing();
    }

    private static void letGo(Map<WantedKind, KindWatch> watches, List<WantedKind> wanted) {
        watches.values().removeIf(watch -> {
            var isWanted = wanted.contains(watch.served().kind());
            if (!isWanted) {
                watch.close();
            }
            return !isWanted;
        });
    }

    private List<String> missing() {
        var found = new ArrayList<String>();
        refusals = coming.values().stream()
                .filter(watch -> !watch.problem().isEmpty())
                .collect(ImmutableMap.toImmutableMap(watch -> watch.served().kind(), KindWatch::problem));
        if (away) {
            found.add("the Kubernetes API does not answer");
        }
        coming.values().stream()
                .filter(watch -> !current.containsKey(watch.served().kind()))
                .map(watch -> watch.served().kind() + " has not been listed"
                        + (watch.problem().isEmpty() ? "" : ": " + watch.problem()))
                .sorted()
                .forEach(found::add);
        return List.copyOf(found);
    }

    private void watch(ServedKind served, boolean anew) {
        var kind = served.kind();
        var newest = coming.getOrDefault(kind, current.get(kind));
        if (newest != null && newest.served().equals(served) && !(anew && newest.isListed())) {
            return;
        }
        var replaced = coming.remove(kind);
        if (replaced != null) {
            replaced.close();
        }
        log.atInfo()
                .addKeyValue("kind", kind)
                .addKeyValue("version", served.version())
                .log("Watching");
        var watch = new KindWatch(client, served, namespaces, listener);
        coming.put(kind, watch);
        watch.start(listed::release);
    }

    private void promote() {
        coming.values().removeIf(watch -> {
            if (!watch.isListed()) {
                return false;
            }
            var before = current.put(watch.served().kind(), watch);
            if (before != null) {
                before.close();
            }
            listener.listed(watch.served().kind());
            return true;
        });
    }

    @Override
    public void close() {
        loop.close();
        coming.values().forEach(KindWatch::close);
        current.values().forEach(KindWatch::close);
    }
}
