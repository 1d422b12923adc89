package io.sallyport.config.kubernetes;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.sallyport.config.api.Refusals;
import io.sallyport.config.store.DocumentReader;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.config.store.Subscription;
import io.sallyport.kubernetes.ClusterWatch;
import io.sallyport.kubernetes.ObjectKey;
import io.sallyport.kubernetes.WantedKind;
import io.sallyport.model.Kind;
import io.sallyport.runtime.SteadyLoop;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Makes revisions of what a Kubernetes API server has. Works object by object, like the directory source: what is
/// refused keeps its last good version, and everything else goes on.
///
/// Events are names only. For each name the source looks what the object is by now and whether that differs from the
/// log, so that duplicates, late events and whole lists anew make no revision. Nothing is removed unless the API server
/// has listed the kind and the object is not in that list.
public final class KubernetesSource implements Refusals, AutoCloseable {

    // `kubectl apply -f` sends one object after the other: what comes together becomes one revision.
    private static final Duration QUIET = Duration.ofMillis(30);
    private static final int LONGEST_BURST = 10;
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration LONGEST_REST = Duration.ofMinutes(1);
    private static final Duration FIRST_LOOK = Duration.ofMillis(50);
    private static final int MOST_LOOKS = 400;
    // How often a change of policies is followed by a look at their authorities before it becomes a revision.
    private static final int ROUNDS = 3;
    private static final int LOOKS_AT_AUTHORITIES = 20;

    private final ClusterKinds kinds;
    private final RevisionLog revisions;
    private final ClusterWatch watch;
    private final Authorities authorities;
    private final ClusterChanges changes;
    private final EndpointFacts facts = new EndpointFacts();
    private final Subscription subscription;
    private final SteadyLoop loop;
    private final Semaphore wake = new Semaphore(0);
    private final Object lock = new Object();

    @GuardedBy("lock") private Set<Heard> heard = new LinkedHashSet<>();

    @GuardedBy("lock") private Set<WantedKind> listed = new LinkedHashSet<>();

    // Which state of each object the log has decided upon: its generation, as status has it, and which object of that
    // name it is, since one that is made again counts from the beginning.
    private final Map<ClusterObject, String> judged = new ConcurrentHashMap<>();
    private final Map<ClusterObject, String> looked = new HashMap<>();
    private final Set<ClusterObject> gone = new HashSet<>();
    private int looks;
    private volatile boolean ready;

    private record Heard(WantedKind kind, ObjectKey key) {}

    private KubernetesSource(
            KubernetesClient client, KubernetesSettings settings, RevisionLog revisions, DocumentReader reader) {
        this.kinds = new ClusterKinds(settings.rootNamespace());
        this.revisions = revisions;
        this.changes = new ClusterChanges(revisions, reader, this::document);
        this.watch = ClusterWatch.start(client, kinds.all(), settings.cluster(), new Ear());
        this.authorities = Authorities.start(client, settings.cluster(), new Ear());
        this.subscription = revisions.subscribe(() -> {
            if (changes.isBlocked()) {
                wake.release();
            }
        });
        this.loop = SteadyLoop.start("config-kubernetes", this::turn);
    }

    /// Starts to watch; returns at once. While the API server cannot be reached, what is stored stays in force.
    public static KubernetesSource start(
            KubernetesClient client, KubernetesSettings settings, RevisionLog revisions, DocumentReader reader) {
        return new KubernetesSource(client, settings, revisions, reader);
    }

    /// What the API server has and the log does not take.
    @Override
    public List<Refusal> current() {
        return changes.refusals();
    }

    /// Why it is not known yet what the cluster wants; empty: it is, or what is stored stands in for it.
    public Optional<String> missing() {
        if (ready || revisions.published().state().revision() > 0) {
            return Optional.empty();
        }
        var problems = watch.problems();
        return Optional.of(problems.isEmpty() ? "the Kubernetes API has not been read yet" : problems.getFirst());
    }

    /// Whether everything that the API server has is in the log, or known to be refused.
    public boolean isReady() {
        return ready;
    }

    /// Whether the API server does not answer, so that what was read last is in force.
    public boolean isAway() {
        return watch.isAway();
    }

    /// How many times it failed and went on.
    long failures() {
        return loop.failures() + watch.failures() + authorities.failures();
    }

    ClusterWatch watch() {
        return watch;
    }

    ClusterKinds kinds() {
        return kinds;
    }

    private final class Ear implements ClusterWatch.Listener {

        @Override
        public void changed(WantedKind kind, ObjectKey key) {
            synchronized (lock) {
                heard.add(new Heard(kind, key));
            }
            wake.release();
        }

        @Override
        public void listed(WantedKind kind) {
            synchronized (lock) {
                if (kind.only().isPresent()) {
                    heard.add(new Heard(kind, kind.only().get()));
                } else {
                    listed.add(kind);
                }
            }
            wake.release();
        }
    }

    private void turn(boolean again) throws InterruptedException {
        revisions.awaitRead();
        if (again) {
            // What the failed turn had heard of is lost: everything is looked at.
            synchronized (lock) {
                listed.addAll(kinds.all());
            }
            wake.release();
        }
        var isWoken = wake.tryAcquire(patience().toMillis(), TimeUnit.MILLISECONDS);
        for (int i = 0; isWoken && i < LONGEST_BURST; i++) {
            wake.drainPermits();
            isWoken = wake.tryAcquire(QUIET.toMillis(), TimeUnit.MILLISECONDS);
        }
        if (!ready && !isComplete()) {
            return;
        }
        var hasOtherAuthorities = readAuthorities();
        var dirty = dirty();
        if (hasOtherAuthorities || again || !ready) {
            dirty.addAll(changes.stored(Kind.CONFIG_MAP));
            authorities.named().forEach(key -> dirty.add(new ClusterObject(Kind.CONFIG_MAP, key)));
        }
        changes.submit(dirty);
        judged.keySet().removeAll(gone);
        judged.putAll(looked);
        looked.clear();
        gone.clear();
        ready = true;
    }

    // A policy that comes with its authorities becomes one revision with them: without, it would close the way for a
    // moment. What cannot be read holds nobody up for longer than a second.
    private boolean readAuthorities() throws InterruptedException {
        var kind = kinds.documents().get(Kind.BACKEND_TLS_POLICY);
        if (kind == null) {
            return false;
        }
        boolean isOther = false;
        for (int i = 0; authorities.want(watch.all(kind)); i++) {
            isOther = true;
            if (i == ROUNDS) {
                wake.release();
                return true;
            }
            for (int look = 0; look < LOOKS_AT_AUTHORITIES && authorities.isReading(); look++) {
                wake.tryAcquire(FIRST_LOOK.toMillis(), TimeUnit.MILLISECONDS);
            }
        }
        return isOther;
    }

    private Duration patience() {
        if (!ready) {
            return FIRST_LOOK;
        }
        return changes.isWaiting() ? RETRY : LONGEST_REST;
    }

    // The parts of the first picture are waited for, but a kind that may not be listed must not keep the others out.
    private boolean isComplete() {
        return watch.isComplete() || (watch.isReachable() && ++looks > MOST_LOOKS);
    }

    private Set<ClusterObject> dirty() {
        Set<Heard> names;
        Set<WantedKind> whole;
        synchronized (lock) {
            names = heard;
            heard = new LinkedHashSet<>();
            whole = listed;
            listed = new LinkedHashSet<>();
        }
        var dirty = new TreeSet<ClusterObject>();
        // Pods and Nodes first: documents are spelled with what is known of them.
        for (var kind : List.of(ClusterKinds.PODS, ClusterKinds.NODES)) {
            if (whole.contains(kind)) {
                watch.all(kind).forEach(object -> fact(kind, ObjectKey.of(object), dirty));
            }
        }
        for (var each : names) {
            var document = kinds.document(each.kind());
            if (document.isPresent()) {
                dirty.add(new ClusterObject(document.get(), each.key()));
            } else {
                fact(each.kind(), each.key(), dirty);
            }
        }
        for (var kind : whole) {
            kinds.document(kind).ifPresent(document -> {
                watch.all(kind).forEach(object -> dirty.add(new ClusterObject(document, ObjectKey.of(object))));
                dirty.addAll(changes.stored(document));
            });
        }
        return dirty;
    }

    private void fact(WantedKind kind, ObjectKey key, Set<ClusterObject> dirty) {
        var object = watch.find(kind, key);
        var labels = object.map(KubernetesSource::labels).orElseGet(TreeMap::new);
        var slices =
                kind.equals(ClusterKinds.PODS) ? facts.pod(key, labels, object.isPresent()) : facts.node(key, labels);
        slices.forEach(slice -> dirty.add(new ClusterObject(Kind.ENDPOINT_SLICE, slice)));
    }

    private static SortedMap<String, String> labels(GenericKubernetesResource object) {
        var labels = object.getMetadata().getLabels();
        return labels == null ? new TreeMap<>() : new TreeMap<>(labels);
    }

    private ClusterChanges.Newest authority(ClusterObject name) {
        var policies = kinds.documents().get(Kind.BACKEND_TLS_POLICY);
        if (policies == null || !watch.isListed(policies)) {
            return new ClusterChanges.Newest.Unknown();
        }
        return switch (authorities.find(name.key())) {
            case Authorities.Known.Unread() -> new ClusterChanges.Newest.Unknown();
            case Authorities.Known.Nowhere() -> new ClusterChanges.Newest.Gone();
            case Authorities.Known.Here(var object) ->
                new ClusterChanges.Newest.Here(
                        ObjectText.document(object, ClusterKinds.CONFIG_MAPS, Map.of()), FieldAuthor.of(object));
        };
    }

    private ClusterChanges.Newest document(ClusterObject name) {
        if (name.kind() == Kind.CONFIG_MAP && !kinds.isMesh(name.key())) {
            return authority(name);
        }
        var kind = kinds.documents().get(name.kind());
        if (kind == null || !watch.isListed(kind)) {
            return new ClusterChanges.Newest.Unknown();
        }
        var served = watch.served(kind);
        var object = served.flatMap(known -> watch.find(
                kind,
                known.isNamespaced() ? name.key() : new ObjectKey("", name.key().name())));
        if (served.isEmpty() || object.isEmpty()) {
            if (name.kind() == Kind.ENDPOINT_SLICE) {
                facts.forget(name.key());
            }
            gone.add(name);
            looked.remove(name);
            return new ClusterChanges.Newest.Gone();
        }
        var annotations =
                name.kind() == Kind.ENDPOINT_SLICE ? facts.of(name.key(), object.get()) : Map.<String, String>of();
        gone.remove(name);
        looked.put(name, generation(object.get()));
        return new ClusterChanges.Newest.Here(
                ObjectText.document(object.get(), served.get(), annotations), FieldAuthor.of(object.get()));
    }

    /// Which state of each object the log has decided upon by now.
    Judged judged() {
        return new Judged(Map.copyOf(judged));
    }

    /// What the log had decided upon at one moment. Taken before what the log says of it, so that this is
    /// about the same states or newer ones.
    record Judged(Map<ClusterObject, String> generations) {

        /// Whether what the log says of an object is about this state of it.
        boolean isAbout(ClusterObject name, GenericKubernetesResource object) {
            return generation(object).equals(generations.get(name));
        }
    }

    private static String generation(GenericKubernetesResource object) {
        return object.getMetadata().getGeneration() + " of "
                + object.getMetadata().getUid();
    }

    /// Ends the watching; what is in the log stays.
    @Override
    public void close() {
        subscription.close();
        loop.close();
        authorities.close();
        watch.close();
    }
}
