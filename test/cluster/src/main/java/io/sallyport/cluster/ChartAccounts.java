package io.sallyport.cluster;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The service accounts and roles of the chart as it was rendered and reviewed, in a namespace of the test's own, and
/// tokens of theirs. Needs an API server that knows roles: a real one.
public final class ChartAccounts {

    private static final String CASES = "test/charts/src/test/resources/cases";
    private static final String THERE = "istio-system";
    private static final Pattern NEXT = Pattern.compile("(?m)^---$");
    private static final Set<String> KINDS =
            Set.of("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding");

    private final TestCluster cluster;
    private final String installed;
    private final String namespace;

    private ChartAccounts(TestCluster cluster, String installed, String namespace) {
        this.cluster = cluster;
        this.installed = installed;
        this.namespace = namespace;
    }

    /// Applies them, with `namespace` for that of the platform and of its gateways.
    public static ChartAccounts install(TestCluster cluster, String namespace) {
        return install(cluster, "four-installs", namespace);
    }

    /// The same as the chart has them for the values of a case of its tests. What is in other namespaces stays away.
    public static ChartAccounts install(TestCluster cluster, String installed, String namespace) {
        var accounts = new ChartAccounts(cluster, installed, namespace);
        accounts.objects()
                .filter(object -> object.getMetadata().getNamespace() == null
                        || object.getMetadata().getNamespace().equals(namespace))
                .forEach(accounts::apply);
        return accounts;
    }

    private Stream<GenericKubernetesResource> objects() {
        try {
            var text = Files.readString(
                    RealApi.root().resolve(CASES).resolve(installed).resolve("sallyport.yaml"));
            return NEXT.splitAsStream(text.replace(THERE, namespace))
                    .filter(document -> KINDS.stream().anyMatch(kind -> document.contains("\nkind: " + kind + "\n")))
                    .map(document -> Serialization.unmarshal(document, GenericKubernetesResource.class));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void apply(HasMetadata object) {
        cluster.apply("helm", Serialization.asYaml(object));
    }

    /// Grants in another namespace what a role of the chart grants in the platform's: the chart has `secrets` and
    /// `proxies` in each of `gatewayNamespaces`, `authorities` in each that `authorities` names.
    public void grant(String role, String there) {
        objects()
                .filter(object -> object.getMetadata().getName().equals("sallyport-%s-%s".formatted(namespace, role)))
                .forEach(object -> {
                    object.getMetadata().setNamespace(there);
                    apply(object);
                });
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
