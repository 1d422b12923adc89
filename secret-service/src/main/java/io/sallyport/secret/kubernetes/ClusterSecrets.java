package io.sallyport.secret.kubernetes;

import com.google.common.collect.ImmutableSet;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.sallyport.kubernetes.ClusterSettings;
import io.sallyport.kubernetes.ClusterWatch;
import io.sallyport.kubernetes.ObjectKey;
import io.sallyport.kubernetes.WantedKind;
import io.sallyport.runtime.SteadyLoop;
import io.sallyport.secret.store.FilePlace;
import io.sallyport.secret.store.SecretName;
import io.sallyport.secret.store.SecretRegistry;
import io.sallyport.secret.store.SecretState;
import io.sallyport.secret.store.SecretStoreException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Offers the Secrets of some namespaces. Of any type, since Istio asks for entries and not for types; those that
/// Kubernetes and Helm keep for themselves are passed over. Types are looked at here and not asked for: the API server
/// may ignore such a question, and then sends everything.
///
/// The platform's own Secrets (its authority, its services' certificates, its keys) are passed over too, since gateways
/// may stand in the platform's namespace, and any Gateway for their proxies may name what is there.
///
/// A Secret is taken away only when the API server has listed the others and it is not among them. If the API server
/// cannot be reached at the start, what was served before the restart is served.
public final class ClusterSecrets implements AutoCloseable {

    /// The name of this source.
    public static final String NAME = "kubernetes";

    private static final Logger log = LoggerFactory.getLogger(ClusterSecrets.class);

    private static final WantedKind SECRETS = WantedKind.all("", "Secret", List.of("v1"));
    private static final ImmutableSet<String> OTHERS_TYPES = ImmutableSet.of(
            "kubernetes.io/service-account-token",
            "kubernetes.io/dockercfg",
            "kubernetes.io/dockerconfigjson",
            "bootstrap.kubernetes.io/token",
            "helm.sh/release.v1");
    // cert-manager keeps the key of the next certificate so until that is issued: nobody's certificate is missing.
    private static final String KEY_TO_COME = "cert-manager.io/next-private-key";
    // What the charts make and have made for the platform carries it.
    private static final String PART_OF = "app.kubernetes.io/part-of";
    private static final String PLATFORM = "sallyport";
    private static final int LOOK_AGAIN_SECONDS = 30;

    private final KubernetesClient client;
    private final SecretRegistry registry;
    private final ClusterWatch watch;
    private final Semaphore wake = new Semaphore(0);
    private final CountDownLatch first = new CountDownLatch(1);
    private final SteadyLoop loop;
    private final Object lock = new Object();

    @GuardedBy("lock") private Set<ObjectKey> heard = new TreeSet<>();

    @GuardedBy("lock") private boolean listed;

    private ClusterSecrets(KubernetesClient client, ClusterSettings settings, SecretRegistry registry) {
        this.client = client;
        this.registry = registry;
        this.watch = ClusterWatch.start(client, List.of(SECRETS), settings, new Ear());
        this.loop = SteadyLoop.start("secret-kubernetes", this::turn);
    }

    /// Starts to watch. Returns when the Secrets that are there are in force, or, if the API server cannot be heard for
    /// so long, those that were served before a restart.
    public static ClusterSecrets follow(ClusterSettings settings, SecretRegistry registry, int seconds)
            throws IOException, SecretStoreException {
        if (settings.namespaces().isEmpty()) {
            throw new IOException(
                    "kubernetes.namespaces is missing (expected: the namespaces of the gateways, no others)");
        }
        var source = new ClusterSecrets(settings.connect("secret-service"), settings, registry);
        try {
            if (!source.first.await(seconds, TimeUnit.SECONDS)) {
                log.atWarn()
                        .addKeyValue("reason", source.watch.problems())
                        .log("Kubernetes API cannot be heard; what was served before is served");
                registry.restoreKept(NAME);
            }
        } catch (InterruptedException e) {
            source.close();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while listing Secrets", e);
        }
        return source;
    }

    /// Whether the API server does not answer, so that what it had last is served.
    public boolean isAway() {
        return watch.isAway();
    }

    /// Whether the API server has listed the Secrets since the start: only then one that is not known
    /// does not exist.
    public boolean isHeard() {
        return first.getCount() == 0;
    }

    /// How many times it failed and went on.
    public long failures() {
        return loop.failures() + watch.failures();
    }

    private final class Ear implements ClusterWatch.Listener {

        @Override
        public void changed(WantedKind kind, ObjectKey key) {
            synchronized (lock) {
                heard.add(key);
            }
            wake.release();
        }

        @Override
        public void listed(WantedKind kind) {
            synchronized (lock) {
                listed = true;
            }
            wake.release();
        }
    }

    // All of it now and then, for the registry to judge again what was bad; and after a failure, which may have lost
    // names.
    private void turn(boolean again) throws InterruptedException, SecretStoreException {
        var isWoken = again || wake.tryAcquire(LOOK_AGAIN_SECONDS, TimeUnit.SECONDS);
        wake.drainPermits();
        take(again || !isWoken);
    }

    private void take(boolean again) throws SecretStoreException {
        Set<ObjectKey> keys;
        boolean all;
        synchronized (lock) {
            keys = heard;
            heard = new TreeSet<>();
            all = listed || again;
            listed = false;
        }
        if (!watch.isListed(SECRETS)) {
            return;
        }
        var offered = new TreeMap<SecretName, Map<String, byte[]>>();
        var gone = new TreeSet<SecretName>();
        if (all) {
            watch.all(SECRETS).forEach(secret -> keys.add(ObjectKey.of(secret)));
            registry.secrets().values().stream()
                    .filter(state -> state.source().equals(NAME))
                    .map(SecretState::name)
                    .forEach(name -> keys.add(new ObjectKey(name.namespace(), name.name())));
        }
        for (var key : keys) {
            name(key).ifPresent(name -> take(key, name, offered, gone));
        }
        if (!offered.isEmpty() || !gone.isEmpty()) {
            registry.take(NAME, offered, gone);
        }
        if (first.getCount() > 0) {
            registry.heardAll();
            first.countDown();
        }
    }

    private void take(
            ObjectKey key, SecretName name, SortedMap<SecretName, Map<String, byte[]>> offered, Set<SecretName> gone) {
        watch.find(SECRETS, key)
                .filter(secret -> !OTHERS_TYPES.contains(
                        String.valueOf(secret.getAdditionalProperties().get("type"))))
                .filter(secret -> !isNobodys(secret))
                .ifPresentOrElse(secret -> offered.put(name, entries(secret)), () -> gone.add(name));
    }

    private static boolean isNobodys(GenericKubernetesResource secret) {
        var labels = secret.getMetadata().getLabels();
        return labels != null && (labels.containsKey(KEY_TO_COME) || PLATFORM.equals(labels.get(PART_OF)));
    }

    private static Optional<SecretName> name(ObjectKey key) {
        var isOne = SecretName.isNamespace(key.namespace())
                && !key.namespace().equals(FilePlace.NAMESPACE)
                && SecretName.isName(key.name());
        return isOne ? Optional.of(new SecretName(key.namespace(), key.name())) : Optional.empty();
    }

    private static Map<String, byte[]> entries(GenericKubernetesResource secret) {
        var entries = new TreeMap<String, byte[]>();
        if (secret.getAdditionalProperties().get("data") instanceof Map<?, ?> data) {
            data.forEach((key, value) -> entries.put(String.valueOf(key), decoded(value)));
        }
        return entries;
    }

    // What is no base64 is handed on as it is: it is then refused as a certificate, which names the entry.
    private static byte[] decoded(Object value) {
        var text = value == null ? "" : value.toString();
        try {
            return Base64.getMimeDecoder().decode(text);
        } catch (IllegalArgumentException notBase64) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }

    @Override
    public void close() {
        loop.close();
        watch.close();
        client.close();
    }
}
