package io.sallyport.standalone;

import com.google.common.net.HostAndPort;
import io.grpc.Channel;
import io.sallyport.config.kubernetes.AdmissionSettings;
import io.sallyport.config.kubernetes.KubernetesSettings;
import io.sallyport.kubernetes.ClusterSettings;
import io.sallyport.kubernetes.inject.InjectionSettings;
import io.sallyport.runtime.Settings;
import io.sallyport.runtime.SettingsException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A Kubernetes API server, and what a service wants of it:
///
/// ```yaml
/// kubeconfig: /etc/sallyport/kubeconfig    # default: the cluster that the pod runs in
/// namespaces: [shop, istio-system]         # default: all; for secrets they have to be named
/// rootNamespace: istio-system              # where the ConfigMap istio is
/// status: {namespace: sallyport, xds: "127.0.0.1:15017", secret: "127.0.0.1:15018"}
///                                        # optional: write status; the Lease's namespace
/// webhook:                                 # optional: answer admission reviews
///   address: 0.0.0.0:15443
///   names: [sallyport-webhook.sallyport.svc]
///   configuration: sallyport-sallyport     # optional: the ValidatingWebhookConfiguration that is told our authority
///   clientCaFile: /etc/sallyport/api-server-ca.crt    # optional: the API server must have a certificate of it
///   injection: {settings: /etc/sallyport/injection.yaml, configuration: sallyport-injector-sallyport}
///                                        # optional: client proxies for pods, see [InjectionSettings]
/// ```
record KubernetesChoices(
        @Nullable Path kubeconfig,
        @Nullable List<String> namespaces,
        @Nullable String rootNamespace,
        @Nullable Status status,
        @Nullable Webhook webhook) {

    private static final Duration LOOK_AT_PROXIES = Duration.ofSeconds(5);

    KubernetesChoices {
        if (namespaces != null) {
            namespaces.forEach(name -> requireNamespace("kubernetes.namespaces", name));
        }
        if (rootNamespace != null) {
            requireNamespace("kubernetes.rootNamespace", rootNamespace);
        }
    }

    /// Whether objects are told what became of them. `xds` is xds-service, which knows what proxies run;
    /// `secret` is secret-service, which knows whether the Secrets of Gateways can be served.
    record Status(
            String namespace,
            @Nullable String xds,
            @Nullable String secret) {

        Status {
            requireNamespace("kubernetes.status.namespace", String.valueOf(namespace));
        }
    }

    /// Where admission reviews are answered.
    record Webhook(
            String address,
            List<String> names,
            @Nullable String configuration,
            @Nullable Path clientCaFile,
            @Nullable Injection injection) {

        Webhook {
            if (names == null || names.isEmpty()) {
                throw new IllegalArgumentException(
                        "kubernetes.webhook.names is missing (expected: what the API server calls it by)");
            }
            listen(address);
        }

        AdmissionSettings settings() throws SettingsException {
            return new AdmissionSettings(
                    listen(address),
                    names,
                    Optional.ofNullable(configuration),
                    Optional.ofNullable(clientCaFile),
                    injection == null ? Optional.empty() : Optional.of(injection.read()));
        }

        private static InetSocketAddress listen(@Nullable String address) {
            var parts = HostAndPort.fromString(address == null ? "" : address);
            if (!parts.hasPort()) {
                throw new IllegalArgumentException(
                        "kubernetes.webhook.address: \"" + address + "\" (expected: host:port)");
            }
            return new InetSocketAddress(parts.getHost(), parts.getPort());
        }
    }

    /// Client proxies for pods: the file that says what they get, and the MutatingWebhookConfiguration.
    record Injection(Path settings, @Nullable String configuration) {

        Injection {
            if (settings == null) {
                throw new IllegalArgumentException(
                        "kubernetes.webhook.injection.settings is missing (expected: a file)");
            }
        }

        AdmissionSettings.Injection read() throws SettingsException {
            return new AdmissionSettings.Injection(
                    Settings.read(settings, InjectionSettings.class), Optional.ofNullable(configuration));
        }
    }

    private static void requireNamespace(String field, String name) {
        if (!name.matches("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")) {
            throw new IllegalArgumentException(field + ": \"" + name + "\" (expected: a DNS label)");
        }
    }

    ClusterSettings cluster() {
        return ClusterSettings.of(Optional.ofNullable(kubeconfig), namespaces == null ? List.of() : namespaces);
    }

    /// For config-service; `xds` leads to xds-service if [Status#xds] names it, `secrets` to
    /// secret-service likewise.
    KubernetesSettings config(Optional<Channel> xds, Optional<Channel> secrets) throws SettingsException {
        // A pod is called as its host is; two replicas on one machine are two processes.
        var host = System.getenv("HOSTNAME");
        var identity = (host == null ? "sallyport" : host) + "_"
                + ProcessHandle.current().pid();
        return new KubernetesSettings(
                cluster(),
                rootNamespace == null ? KubernetesSettings.DEFAULT_ROOT_NAMESPACE : rootNamespace,
                Optional.ofNullable(status)
                        .map(wanted -> new KubernetesSettings.Status(
                                identity, wanted.namespace(), xds, secrets, LOOK_AT_PROXIES)),
                webhook == null ? Optional.empty() : Optional.of(webhook.settings()));
    }
}
