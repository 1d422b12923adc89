package io.sallyport.cli.check;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.sallyport.cli.FakeTerminal;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckCommandTest {

    private static final String GOOD = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec:
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
            """;

    private static final String SERVER = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: %s}
            spec:
              servers:
              - {port: {number: %d, name: %s, protocol: %s}, hosts: ["*"]}
            """;

    @TempDir
    private Path folder = Path.of("");

    private final FakeTerminal screen = new FakeTerminal();

    @Test
    void aGoodFileIsExitZeroAndOneLine() throws IOException {
        assertThat(screen.run("check", write("edge.yaml", GOOD))).isEqualTo(0);

        assertThat(screen.out()).isEqualTo("no errors in 1 resource (0 ms)\n");
    }

    @Test
    void aTypingSlipIsExitOneWithTheLineAndACaret() throws IOException {
        var file = write("edge.yaml", GOOD.replace("hosts:", "hotsts:"));

        assertThat(screen.run("check", file)).isEqualTo(1);

        assertThat(screen.out())
                .contains("error SP1001 Gateway shop/edge spec.servers[0].hotsts, ")
                .contains(
                        file + ":6:54\n   6 |   - {port: {number: 80, name: http, protocol: HTTP}, hotsts: [\"*\"]}\n")
                .contains("\n     |                                                      ^^^^^^ unknown field")
                .contains("More about a code: sallyport check --explain SP1009");
    }

    @Test
    void aBrokenPlatformAddsNothingAboutItsProxies() throws IOException {
        var platform = "proxies: [{name: out, namespace: shop, labels: {app: out}, listen: {80: 8080}}]\n";
        write("route.yaml", """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec:
                  selector: {app: out}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: a}
                spec:
                  hosts: [a.test]
                  gateways: [edge]
                  http:
                  - route: [{destination: {host: out.shop.svc.cluster.local}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: b}
                spec:
                  hosts: [b.test]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: DNS
                """);
        write("sallyport.yaml", platform);
        assertThat(screen.run("check", folder.toString())).as(screen.out()).isEqualTo(0);

        write("sallyport.yaml", platform + "edgy: strict\n");
        var broken = new FakeTerminal();
        assertThat(broken.run("check", folder.toString())).isEqualTo(1);
        assertThat(broken.out()).contains("SP1001").contains("\n1 error in 4 resources");
    }

    @Test
    void jsonHasTheContractsShape() throws IOException {
        var file = write("edge.yaml", GOOD.replace("hosts:", "hotsts:"));

        assertThat(screen.run("check", "-o", "json", file)).isEqualTo(1);

        var json = JsonParser.parseString(screen.out()).getAsJsonObject();
        assertThat(json.keySet()).containsExactly("findings", "resources");
        assertThat(json.get("resources").getAsInt()).isEqualTo(1);
        var finding = json.getAsJsonArray("findings").get(0).getAsJsonObject();
        assertThat(finding.keySet())
                .containsExactly(
                        "code",
                        "severity",
                        "kind",
                        "namespace",
                        "name",
                        "path",
                        "file",
                        "line",
                        "column",
                        "message",
                        "related");
        assertThat(finding.get("file").getAsString()).isEqualTo(file);
        assertThat(finding.get("line").getAsInt()).isEqualTo(6);
    }

    @Test
    void anObjectInTwoFilesNamesBothPlaces() throws IOException {
        var first = write("a.yaml", GOOD);
        var second = write("b.yaml", GOOD);

        assertThat(screen.run("check", folder.toString())).isEqualTo(1);

        assertThat(screen.out())
                .contains("error SP3901 Gateway shop/edge, " + second + ":1:1\n")
                .contains("stands in \"" + first + "\", line 1, too")
                .contains("1 error in 2 resources");
    }

    @Test
    @Tag("S62")
    void aSecretInAnotherNamespaceIsNamedWithItsFile() throws IOException {
        var secret = write("cert.yaml", """
                # first line
                apiVersion: v1
                kind: Secret
                metadata: {namespace: shop-app, name: shop-cert}
                type: kubernetes.io/tls
                stringData: {tls.crt: "", tls.key: "hunter2"}
                """);
        var edge = write("edge.yaml", """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: istio-system, name: edge}
                spec:
                  servers:
                  - port: {number: 443, name: https, protocol: HTTPS}
                    hosts: ["shop.test"]
                    tls: {mode: SIMPLE, credentialName: shop-cert}
                """);

        assertThat(screen.run("check", folder.toString())).isEqualTo(0);

        assertThat(screen.out())
                .contains(
                        "warning SP2111 Gateway istio-system/edge spec.servers[0].tls.credentialName, " + edge + ":8:")
                .contains("a Secret of that name exists in namespace \"shop-app\"")
                .contains("expected: it in namespace \"istio-system\"")
                .contains(secret + ":1")
                .doesNotContain("hunter2");
    }

    @Test
    void standardInputIsCheckedToo() {
        var piped = new FakeTerminal(GOOD);

        assertThat(piped.run("check", "-")).isEqualTo(0);
    }

    @Test
    @Tag("H4")
    void aMissingPathIsExitTwo() {
        assertThat(screen.run("check", folder.resolve("none").toString())).isEqualTo(2);

        assertThat(screen.err()).contains("no such file or directory").hasLineCount(1);
    }

    @Test
    void nothingToCheckIsExitTwo() {
        assertThat(screen.run("check")).isEqualTo(2);

        assertThat(screen.err()).isEqualTo("error: nothing to check (expected: check PATH...)\n");
    }

    @Test
    void aSecretsLinesAreNotPrinted() throws IOException {
        var file = write("secret.yaml", """
                apiVersion: v1
                kind: Secret
                metadata: {namespace: shop, name: key}
                stirngData: {password: hunter2}
                """);

        screen.run("check", file);

        assertThat(screen.out() + screen.err()).doesNotContain("hunter2");
    }

    @Test
    void aCodeIsExplained() {
        assertThat(screen.run("check", "--explain", "sp1001")).isEqualTo(0);

        assertThat(screen.out()).startsWith("SP1001 error: Unknown field\n").contains("\nReported:\n", "\nBetter:\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"SP1901", "SP1991", "SP1992", "SP3901", "SP3902", "SP9001", "SP1832", "SP2110", "SP4041"})
    void codesOfAllPartsAreExplained(String code) {
        assertThat(screen.run("check", "--explain", code)).isEqualTo(0);

        assertThat(screen.out()).startsWith(code).contains("\nReported:\n", "\nBetter:\n");
    }

    @Test
    void aCodeMeansOneThing() {
        assertThat(RuleBook.codes()).extracting(code -> code.id()).doesNotHaveDuplicates();
    }

    @Test
    void anUnknownFormOfAnswerIsExitTwoAndNamesTheForms() throws IOException {
        assertThat(screen.run("check", "-o", "xml", write("edge.yaml", GOOD))).isEqualTo(2);

        assertThat(screen.out()).isEmpty();
        assertThat(screen.err()).contains("xml", "text", "json", "sarif");
    }

    @Test
    void anUnknownOptionIsExitTwoAndNamesTheNearest() throws IOException {
        assertThat(screen.run("check", "--fixx", write("edge.yaml", GOOD))).isEqualTo(2);

        assertThat(screen.err()).contains("--fixx", "--fix");
    }

    @Test
    void aConflictOfTwoFilesNamesBothFilesAndBothLines() throws IOException {
        var old = write("a.yaml", SERVER.formatted("old", 9000, "tcp", "TCP"));
        var young = write("b.yaml", "# the younger one\n" + SERVER.formatted("young", 9000, "http", "HTTP"));

        assertThat(screen.run("check", "-o", "json", old, young)).isEqualTo(1);

        var finding =
                JsonParser.parseString(screen.out()).getAsJsonObject().getAsJsonArray("findings").asList().stream()
                        .map(JsonElement::getAsJsonObject)
                        .filter(one -> one.get("code").getAsString().equals("SP3101"))
                        .findFirst()
                        .orElseThrow();
        assertThat(finding.get("file").getAsString()).isEqualTo(young);
        assertThat(finding.get("line").getAsInt()).isEqualTo(7);
        var other = finding.getAsJsonArray("related").get(0).getAsJsonObject();
        assertThat(other.get("file").getAsString()).isEqualTo(old);
        assertThat(other.get("line").getAsInt()).isEqualTo(6);
    }

    // What the schema of SARIF 2.1.0 requires of the parts that are written.
    @Test
    void sarifKeepsToItsSchema() throws IOException {
        var first = write("a.yaml", SERVER.formatted("old", 9000, "tcp", "TCP"));
        var second = write("b: c.yaml", SERVER.formatted("young", 9000, "http", "HTTP"));
        var third = write("c.yaml", GOOD.replace("hosts:", "hotsts:"));

        assertThat(screen.run("check", "-o", "sarif", first, second, third)).isEqualTo(1);

        var log = JsonParser.parseString(screen.out()).getAsJsonObject();
        assertThat(log.get("version").getAsString()).isEqualTo("2.1.0");
        var run = log.getAsJsonArray("runs").get(0).getAsJsonObject();
        var driver = run.getAsJsonObject("tool").getAsJsonObject("driver");
        assertThat(driver.get("name").getAsString()).isNotEmpty();
        var rules = driver.getAsJsonArray("rules");
        var results = run.getAsJsonArray("results");
        assertThat(results).isNotEmpty();
        for (var element : results) {
            var result = element.getAsJsonObject();
            var rule = rules.get(result.get("ruleIndex").getAsInt()).getAsJsonObject();
            assertThat(rule.get("id")).isEqualTo(result.get("ruleId"));
            assertThat(result.get("level").getAsString()).isIn("error", "warning", "note");
            assertThat(result.getAsJsonObject("message").get("text").getAsString())
                    .isNotEmpty();
            var places = new ArrayList<>(result.getAsJsonArray("locations").asList());
            if (result.has("relatedLocations")) {
                places.addAll(result.getAsJsonArray("relatedLocations").asList());
            }
            assertThat(places).isNotEmpty();
            for (var place : places) {
                var physical = place.getAsJsonObject().getAsJsonObject("physicalLocation");
                var uri = URI.create(
                        physical.getAsJsonObject("artifactLocation").get("uri").getAsString());
                assertThat(uri.getScheme()).isNull();
                assertThat(uri.getPath()).isIn(first, second, third);
                assertThat(physical.getAsJsonObject("region").get("startLine").getAsInt())
                        .isPositive();
            }
        }
        assertThat(results.toString()).contains("relatedLocations");
    }

    @Test
    void certainRepairsAreADiffThatPatchTakes() throws Exception {
        var file = write("edge.yaml", GOOD.replace("hosts:", "hotsts:").replace("number: 80", "number: \"80\""));

        assertThat(screen.run("check", "--fix", file)).isEqualTo(1);

        assertThat(screen.out()).isEqualTo("""
                --- %s
                +++ %s
                @@ -6 +6 @@
                -  - {port: {number: "80", name: http, protocol: HTTP}, hotsts: ["*"]}
                +  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
                """.formatted(file, file));
        assertThat(screen.err()).startsWith("2 certain repairs for 3 findings");
        assertThat(screen.run("check", write("mended.yaml", GOOD))).isEqualTo(0);
    }

    @Test
    void aGatewayInTheOldFormIsRepairedThoughItIsNoError() throws IOException {
        var file = write("shop.yaml", """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: shop}
                spec:
                  hosts: [shop.test]
                  gateways:
                  - edge.shop.svc.cluster.local
                  http:
                  - directResponse: {status: 200}
                """);

        assertThat(screen.run("check", "--fix", file)).isEqualTo(0);

        assertThat(screen.out()).contains("@@ -7 +7 @@\n-  - edge.shop.svc.cluster.local\n+  - shop/edge\n");
    }

    @Test
    void whatHasNoCertainRepairGetsNone() throws IOException {
        var file = write("edge.yaml", GOOD.replace("80", "70000"));

        assertThat(screen.run("check", "--fix", file)).isEqualTo(1);

        assertThat(screen.out()).isEmpty();
        assertThat(screen.err()).startsWith("0 certain repairs for 1 finding\n");
    }

    @Test
    void anUnknownCodeIsExitTwo() {
        assertThat(screen.run("check", "--explain", "SP101")).isEqualTo(2);

        assertThat(screen.err()).startsWith("error: unknown code \"SP101\" (did you mean \"SP1001\"?)");
    }

    private String write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }
}
