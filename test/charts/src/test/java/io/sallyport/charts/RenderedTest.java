package io.sallyport.charts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.marcnuri.helm.Helm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The charts render what was reviewed, pass Helm's own checks and refuse values that they do not know.
@Tag("S41")
class RenderedTest {

    static List<Cases.Rendered> all() {
        return Cases.all();
    }

    @ParameterizedTest
    @MethodSource("all")
    void objectsAreWhatWasReviewed(Cases.Rendered rendered) throws IOException {
        var objects = rendered.objects();
        if (rendered.install().chart().equals("sallyport-base")) {
            // Reviewed as files of the chart, see DefinitionsTest.
            assertThat(Cases.kind(objects, "CustomResourceDefinition"))
                    .isNotEmpty()
                    .hasSameSizeAs(objects);
            return;
        }
        var text = new StringBuilder();
        for (var object : objects) {
            text.append("---\n").append(Yaml.write(masked(object)));
        }
        if (Boolean.getBoolean("golden.rewrite")) {
            Files.writeString(rendered.expected(), text);
        }
        assertThat(rendered.expected())
                .as("rewritten by: mvn -pl test/charts -am test -Dtest=RenderedTest -Dgolden.rewrite=true")
                .hasContent(text.toString());
    }

    // What is made anew at each rendering: keys, certificates, and when they are to be renewed.
    private static Map<String, Object> masked(Map<String, Object> object) {
        var made = "Secret".equals(object.get("kind"))
                || ("ConfigMap".equals(object.get("kind")) && Cases.name(object).equals("sallyport-ca"));
        if (made) {
            Yaml.map(object.get("data")).replaceAll((_, _) -> "(made)");
            var annotations = Yaml.at(object, "metadata.annotations");
            if (annotations.containsKey("sallyport.io/renew-after")) {
                annotations.put("sallyport.io/renew-after", "(made)");
            }
        }
        return object;
    }

    @ParameterizedTest
    @MethodSource("all")
    void noObjectIsThereTwiceAndEachIsInItsNamespace(Cases.Rendered rendered) {
        var seen = new HashSet<String>();
        for (var object : rendered.objects()) {
            var metadata = Yaml.at(object, "metadata");
            assertThat(object).containsKeys("apiVersion", "kind", "metadata");
            assertThat(seen.add(object.get("kind") + " " + metadata.get("namespace") + "/" + metadata.get("name")))
                    .as("%s %s", object.get("kind"), metadata.get("name"))
                    .isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sallyport-base", "sallyport", "sallyport-gateway"})
    void chartsPassHelmsChecks(String chart) {
        Install.CLUSTER.clear();
        var result = new Helm(Install.CHARTS.resolve(chart)).lint().strict().call();

        assertThat(result.isFailed()).as("%s", result.getMessages()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            sallyport-base    | base.istioKind                        | true    | istioKind
            sallyport         | platform.xds.replica                    | 2       | replica
            sallyport         | platform.webhook.failurePolicy          | Maybe   | failurePolicy
            sallyport         | platform.injection.failurePolicy        | Maybe   | failurePolicy
            sallyport         | platform.injection.address              | ::1     | address
            sallyport         | platform.injection.redirect.imag        | x       | imag
            sallyport         | platform.gatewayNamespaces              | all     | gatewayNamespaces
            sallyport         | platform.config.store.postgresql.url    | mysql:x | url
            sallyport         | platform.accesslog.clickhouse.retention | 7d      | retention
            sallyport         | platform.oidc.issuer                    | https://id.example.com | if 'issuer' exists
            sallyport         | platform.accesslog.replicas             | 2       | without platform.accesslog.clickhouse.url
            sallyport         | platform.xds.autoscaling.maxReplicas    | 1       | maxReplicas: 1 is less than minReplicas: 2
            sallyport         | platform.authority.certificateDays      | 3651    | certificateDays: 3651 is more than days: 3650
            sallyport         | global.platformNamespace                | other   | installed in namespace "sallyport-system"
            sallyport-gateway | gateway.replicas                      | two     | replicas
            sallyport-gateway | gateway.labels.app\\.kubernetes\\.io/name | x | gateway.labels: "app.kubernetes.io/name" is set by the chart
            sallyport-gateway | gateway.podDisruptionBudget.maxUnavailable | some | maxUnavailable
            sallyport-gateway | gateway.autoscaling.minReplicas       | 6       | maxReplicas: 5 is less than minReplicas: 6
            sallyport-gateway | gateways.edge.heapMegabytes           | 1024    | heapMegabytes: 1024 is not less than resources.limits.memory: 1Gi
            sallyport-gateway | gateway.direction                     | sideway | direction
            sallyport-gateway | gateway.image.digest                  | latest  | digest
            sallyport-gateway | gateways.edge.service.typ             | NodePort | typ
            sallyport-gateway | global.platformNamespac               | x       | platformNamespac
            """)
    void wrongValuesAreRefusedByName(String chart, String name, String value, String named, @TempDir Path folder)
            throws IOException {
        var values = Files.writeString(folder.resolve("values.yaml"), "{}");
        var install = new Install(chart, "edge", "sallyport-system");

        assertThatThrownBy(() -> install.text(values, Map.of(name, value))).hasMessageContaining(named);
    }

    @ParameterizedTest
    @ValueSource(strings = {"P7D", "P1DT12H", "PT36H", "PT1H30M", "PT0.5S"})
    void durationsAreWrittenAsServicesReadThem(String duration, @TempDir Path folder) throws IOException {
        var values = Files.writeString(folder.resolve("values.yaml"), "{}");
        var names = Map.of("platform.accesslog.sampling.slow", duration);

        var objects = new Install("sallyport", "edge", "sallyport-system").text(values, names);

        assertThat(objects).contains("\"slow\":\"" + duration + "\"");
    }

    @Test
    void annotationsOfAPodCanBeOtherOnes(@TempDir Path folder) throws IOException {
        var values = Files.writeString(folder.resolve("values.yaml"), """
                gateway:
                  identity: {authority: (made)}
                  podAnnotations: {prometheus.io/scrape: "false", example.com/team: shop}
                """);

        var objects = Yaml.documents(new Install("sallyport-gateway", "edge", "shop").text(values, Map.of()));

        assertThat(Yaml.at(Cases.kind(objects, "Deployment").getFirst(), "spec.template.metadata.annotations"))
                .containsEntry("prometheus.io/scrape", "false")
                .containsEntry("prometheus.io/port", "15090")
                .containsEntry("example.com/team", "shop");
    }

    @ParameterizedTest
    @ValueSource(strings = {"edge.v2", "2edge"})
    void releasesWhoseNameNoServiceTakesAreRefusedBeforeAnythingIsInstalled(String release, @TempDir Path folder)
            throws IOException {
        var values = Files.writeString(folder.resolve("values.yaml"), "{}");
        var authority = Map.of("gateway.identity.authority", "(made)");

        assertThatThrownBy(() -> new Install("sallyport-gateway", release, "shop").text(values, authority))
                .hasMessageContaining("release \"%s\": a Service cannot have this name (expected:".formatted(release));
    }

    /// secret-service passes over what says so, that no Gateway gets the platform's keys.
    @Test
    @Tag("V27")
    void secretsThatChartsMakeSayThatTheyAreThePlatforms() {
        var objects = Cases.all().stream()
                .flatMap(rendered -> rendered.objects().stream())
                .toList();
        var made = Stream.concat(
                        Cases.kind(objects, "Secret").stream().map(secret -> Yaml.at(secret, "metadata.labels")),
                        Cases.kind(objects, "Certificate").stream()
                                .map(certificate -> Yaml.at(certificate, "spec.secretTemplate.labels")))
                .toList();

        assertThat(made)
                .hasSizeGreaterThan(10)
                .allSatisfy(labels -> assertThat(labels).containsEntry("app.kubernetes.io/part-of", "sallyport"));
    }

    /// What a release says of them stands against what config-service has written since: a rollback with Helm 4 fails
    /// for the conflict, and one with Helm 3 takes the webhook away until config-service sees it.
    @Test
    void authoritiesOfWebhooksAreConfigServicesAlone(@TempDir Path folder) throws IOException {
        var kept = """
                {"kind":"%1$sWebhookConfiguration","apiVersion":"admissionregistration.k8s.io/v1",
                 "metadata":{"name":"%2$s"},"webhooks":[{"name":"%3$s","clientConfig":{"caBundle":"AAAA"}}]}
                """;
        var path = "/apis/admissionregistration.k8s.io/v1/%swebhookconfigurations/%s";
        Install.CLUSTER.putAt(
                path.formatted("validating", "sallyport-sallyport-system"),
                kept.formatted("Validating", "sallyport-sallyport-system", "check.sallyport.io"));
        Install.CLUSTER.putAt(
                path.formatted("mutating", "sallyport-injector-sallyport-system"),
                kept.formatted(
                        "Mutating", "sallyport-injector-sallyport-system", "rev.namespace.injector.sallyport.io"));
        var values = Files.writeString(folder.resolve("values.yaml"), "platform: {injection: {enabled: true}}");

        var objects = Yaml.documents(new Install("sallyport", "sallyport", "sallyport-system").text(values, Map.of()));
        Install.CLUSTER.clear();

        var doors = Stream.of("Validating", "Mutating")
                .flatMap(kind -> Cases.kind(objects, kind + "WebhookConfiguration").stream())
                .flatMap(configuration -> Yaml.list(configuration.get("webhooks")).stream())
                .map(webhook -> Yaml.at(Yaml.map(webhook), "clientConfig"))
                .toList();
        assertThat(doors).hasSize(5).noneMatch(door -> door.containsKey("caBundle"));
    }

    /// Tools that render without a cluster would make other ones each time.
    @Test
    void keysOfOnesOwnAreMadeByNobody(@TempDir Path folder) throws IOException {
        var values = Files.writeString(folder.resolve("values.yaml"), """
                global: {certManager: {enabled: true}}
                platform:
                  secret: {masterKeySecret: own-master}
                  accesslog:
                    privacyRules: [{attribute: request.headers.x-user, action: HASH}]
                    privacyKeySecret: own-privacy
                """);
        var install = new Install("sallyport", "sallyport", "sallyport-system");

        var text = install.text(values, Map.of());

        assertThat(Cases.kind(Yaml.documents(text), "Secret")).isEmpty();
        assertThat(text).contains("secretName: own-master").contains("secretName: own-privacy");
        assertThat(install.text(values, Map.of())).isEqualTo(text);
    }

    @Test
    void aGatewayWithoutAnAuthorityIsNotRendered(@TempDir Path folder) throws IOException {
        var values = Files.writeString(folder.resolve("values.yaml"), "{}");

        assertThatThrownBy(() -> new Install("sallyport-gateway", "edge", "shop").text(values, Map.of()))
                .hasMessageContaining("ConfigMap sallyport-system/sallyport-ca not found (expected:");
    }
}
