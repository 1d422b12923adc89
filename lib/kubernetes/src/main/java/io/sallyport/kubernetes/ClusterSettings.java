package io.sallyport.kubernetes;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Which API server, and what of it.
///
/// @param kubeconfig says where the API server is; without it, it is the one of the cluster that this process runs in
/// @param namespaces the only ones to be watched; empty: all
/// @param lookAgain how often to ask which kinds the API server serves, so that CRDs may come later
/// @param listAgain how often to list everything anew, for watches have been known to fall silent
public record ClusterSettings(
        Optional<Path> kubeconfig, List<String> namespaces, Duration lookAgain, Duration listAgain) {

    private static final int CONNECT_MILLIS = 5_000;
    private static final int ANSWER_MILLIS = 10_000;
    private static final int RETRIES = 2;
    private static final int RECONNECT_MILLIS = 1_000;

    public ClusterSettings {
        namespaces = List.copyOf(namespaces);
    }

    /// As most run it.
    public static ClusterSettings of(Optional<Path> kubeconfig, List<String> namespaces) {
        return new ClusterSettings(kubeconfig, namespaces, Duration.ofSeconds(10), Duration.ofMinutes(10));
    }

    /// A client; it connects when it is first asked something. `name` is how the API server's audit log calls it.
    public KubernetesClient connect(String name) throws IOException {
        var config = config();
        config.setUserAgent("sallyport-" + name);
        config.setConnectionTimeout(CONNECT_MILLIS);
        config.setRequestTimeout(ANSWER_MILLIS);
        config.setRequestRetryBackoffLimit(RETRIES);
        config.setWatchReconnectInterval(RECONNECT_MILLIS);
        return new KubernetesClientBuilder()
                .withConfig(config)
                .withHttpClientFactory(new JdkHttpClientFactory())
                .build();
    }

    private Config config() throws IOException {
        if (kubeconfig.isEmpty()) {
            if (System.getenv("KUBERNETES_SERVICE_HOST") == null) {
                throw new IOException(
                        "kubernetes.kubeconfig is missing, and this is no pod (expected: the path of a kubeconfig)");
            }
            return Config.autoConfigure(null);
        }
        return Kubeconfig.read(kubeconfig.get());
    }
}
