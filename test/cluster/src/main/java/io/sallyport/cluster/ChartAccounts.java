package io.sallyport.cluster;

import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// The service accounts and roles of the chart as it was rendered and reviewed, in a namespace of the test's own, and
/// tokens of theirs. Needs an API server that knows roles: a real one.
public final class ChartAccounts {

    private static final String REVIEWED = "test/charts/src/test/resources/cases/four-installs/sallyport.yaml";
    private static final String THERE = "istio-system";
    private static final Set<String> KINDS = Set.of(
            "kind: ServiceAccount", "kind: Role", "kind: RoleBinding", "kind: ClusterRole", "kind: ClusterRoleBinding");

    private final TestCluster cluster;
    private final String namespace;

    private ChartAccounts(TestCluster cluster, String namespace) {
        this.cluster = cluster;
        this.namespace = namespace;
    }

    /// Applies them, with `namespace` for that of the platform and of its gateways.
    public static ChartAccounts install(TestCluster cluster, String namespace) {
        for (var document : documents()) {
            if (document.lines().anyMatch(KINDS::contains)) {
                cluster.apply("helm", document.replace(THERE, namespace));
            }
        }
        return new ChartAccounts(cluster, namespace);
    }

    private static List<String> documents() {
        try {
            return List.of(Files.readString(RealApi.root().resolve(REVIEWED)).split("(?m)^---$"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A token of an account, `sallyport-config`, meant for `audiences`, or the API server itself if there are none.
    public String token(String account, String... audiences) {
        return token(cluster.client(), namespace, account, audiences);
    }

    /// The same for an account that did not come with the chart.
    public static String token(KubernetesClient client, String namespace, String account, String... audiences) {
        return client.serviceAccounts()
                .inNamespace(namespace)
                .withName(account)
                .tokenRequest(new TokenRequestBuilder()
                        .withNewSpec()
                        .withAudiences(audiences)
                        .withExpirationSeconds(3_600L)
                        .endSpec()
                        .build())
                .getStatus()
                .getToken();
    }

    /// Leads to the API server as an account, by its token alone.
    public Path kubeconfig(String account) {
        return cluster.kubeconfig(account, token(account));
    }
}
