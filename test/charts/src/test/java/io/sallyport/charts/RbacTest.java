package io.sallyport.charts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What each ServiceAccount may do, as a list that is reviewed like code: `rbac.txt`.
@Tag("V27")
@Tag("M11")
class RbacTest {

    private static final Path REVIEWED = Path.of("src/test/resources/rbac.txt");

    /// Who may do what where; `namespace` is empty for the whole cluster.
    private record Grant(
            String account,
            String namespace,
            List<Object> groups,
            List<Object> resources,
            List<Object> names,
            List<Object> verbs) {

        @Override
        public String toString() {
            return "%s | %s | %s | %s | %s%s"
                    .formatted(
                            account,
                            namespace.isEmpty() ? "everywhere" : "in " + namespace,
                            words(verbs),
                            words(groups),
                            words(resources),
                            names.isEmpty() ? "" : " named " + words(names));
        }

        private static String words(List<Object> words) {
            return words.stream()
                    .map(word -> "".equals(word) ? "core" : String.valueOf(word))
                    .collect(Collectors.joining(" "));
        }
    }

    static List<Cases.Rendered> platforms() {
        return Cases.platforms();
    }

    static List<Cases.Rendered> gateways() {
        return Cases.gateways();
    }

    @Test
    void accountsMayDoWhatWasReviewed() throws IOException {
        var platform = platforms().stream()
                .filter(rendered -> rendered.name().equals("cert-manager"))
                .findFirst()
                .orElseThrow();
        var lines = new TreeSet<String>();
        grants(platform.objects()).forEach(grant -> lines.add(grant.toString()));
        var text = String.join("\n", lines) + "\n";
        if (Boolean.getBoolean("golden.rewrite")) {
            Files.writeString(REVIEWED, text);
        }
        assertThat(REVIEWED).hasContent(text);
    }

    @ParameterizedTest
    @MethodSource("platforms")
    void onlyTheSecretServiceReadsSecretsAndOnlyWhereGatewaysAre(Cases.Rendered rendered) {
        var secrets = grants(rendered.objects()).stream()
                .filter(grant -> grant.groups().contains("") || grant.groups().contains("*"))
                .filter(grant -> grant.resources().contains("secrets")
                        || grant.resources().contains("*"))
                .toList();

        assertThat(secrets).isNotEmpty().allSatisfy(grant -> {
            assertThat(grant.account()).isEqualTo("sallyport-secret");
            assertThat(grant.namespace()).isNotEmpty();
            assertThat(grant.verbs()).containsExactly("get", "list", "watch");
        });
    }

    @ParameterizedTest
    @MethodSource("platforms")
    void nobodyMayDoEverything(Cases.Rendered rendered) {
        assertThat(grants(rendered.objects())).isNotEmpty().allSatisfy(grant -> {
            assertThat(grant.verbs()).doesNotContain("*", "delete", "deletecollection", "impersonate", "escalate");
            assertThat(grant.groups()).doesNotContain("*");
            if (grant.resources().contains("*")) {
                assertThat(grant.groups())
                        .allMatch(group -> group.toString().endsWith("istio.io") || group.equals("sallyport.io"));
                assertThat(grant.verbs()).containsExactly("get", "list", "watch");
            }
        });
    }

    @ParameterizedTest
    @MethodSource("gateways")
    void gatewaysMayDoNothing(Cases.Rendered rendered) {
        assertThat(grants(rendered.objects())).isEmpty();
    }

    private static List<Grant> grants(List<Map<String, Object>> objects) {
        var grants = new ArrayList<Grant>();
        for (var binding : objects) {
            var kind = String.valueOf(binding.get("kind"));
            if (!kind.endsWith("RoleBinding")) {
                continue;
            }
            var namespace = kind.equals("RoleBinding")
                    ? String.valueOf(Yaml.at(binding, "metadata").get("namespace"))
                    : "";
            var wanted = Yaml.at(binding, "roleRef");
            var role = objects.stream()
                    .filter(object -> String.valueOf(wanted.get("kind")).equals(object.get("kind")))
                    .filter(object -> Cases.name(object).equals(wanted.get("name")))
                    .filter(object -> namespace.isEmpty()
                            || namespace.equals(Yaml.at(object, "metadata").get("namespace")))
                    .findFirst()
                    .orElseThrow();
            for (var subject : Yaml.list(binding.get("subjects"))) {
                for (var rule : Yaml.list(role.get("rules"))) {
                    var may = Yaml.map(rule);
                    grants.add(new Grant(
                            String.valueOf(Yaml.map(subject).get("name")),
                            namespace,
                            Yaml.list(may.get("apiGroups")),
                            Yaml.list(may.get("resources")),
                            Yaml.list(may.get("resourceNames")),
                            Yaml.list(may.get("verbs"))));
                }
            }
        }
        return grants;
    }
}
