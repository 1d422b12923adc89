package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Severity;
import io.sallyport.model.VirtualService;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class AnalyzerTest {

    private static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
            """;

    @Test
    void editOfOneAmongManyJudgesThatOneOnly() {
        var analyzer = new Analyzer();
        var image = Documents.image(GATEWAY + "---\n" + services(1_000));
        analyzer.check(image);
        long inspections = analyzer.inspections();
        long comparisons = analyzer.comparisons();

        var edited = Documents.objects(service(7, "h7.test", "/new"));
        var checked = analyzer.check(image.with(2, edited, List.of()));

        assertThat(analyzer.inspections() - inspections).isEqualTo(1);
        assertThat(analyzer.comparisons() - comparisons).isEqualTo(1);
        assertThat(checked.findings()).isEqualTo(fresh(checked.image()));
    }

    @Test
    void editOfServiceComparesThoseThatForwardToItOnly() {
        var analyzer = new Analyzer();
        var text = new StringBuilder(GATEWAY);
        for (int i = 0; i < 200; i++) {
            text.append("---\n").append(entry(i, 80)).append("---\n").append(forward(i));
        }
        var image = Documents.image(text.toString());
        analyzer.check(image);
        long comparisons = analyzer.comparisons();

        var checked = analyzer.check(image.with(2, Documents.objects(entry(7, 8080)), List.of()));

        assertThat(analyzer.comparisons() - comparisons).isEqualTo(2);
        assertThat(checked.findings()).isEqualTo(fresh(checked.image()));
    }

    @Test
    void anImageThatAnotherOfTheProcessHasJudgedIsNotJudgedAgain() {
        var inspections = new Inspections();
        var judge = new Analyzer(inspections);
        var follower = new Analyzer(inspections);
        var now = Instant.parse("2026-01-02T00:00:00Z");
        var first = Documents.image(GATEWAY + "---\n" + services(50));
        var second = first.with(2, Documents.objects(service(7, "h7.test", "/new")), List.of());
        inspections.remember(judge.check(first, now));
        inspections.remember(judge.check(second, now));

        var ofFirst = follower.check(first, now);
        var ofSecond = follower.check(second, now);

        assertThat(ofSecond).isSameAs(judge.check(second, now));
        assertThat(ofFirst.source()).isSameAs(first);
        assertThat(inspections.image(1)).containsSame(first);
        assertThat(follower.comparisons()).isZero();
    }

    @Test
    void whatNobodyElseHasJudgedIsJudgedAsIfNothingHadBeenShared() {
        var inspections = new Inspections();
        var judge = new Analyzer(inspections);
        var follower = new Analyzer(inspections);
        var now = Instant.parse("2026-01-02T00:00:00Z");
        var first = Documents.image(GATEWAY + "---\n" + services(5));
        inspections.remember(judge.check(first, now));
        follower.check(first, now);
        var second = first.with(2, Documents.objects(forward(3)), List.of());

        var checked = follower.check(second, now);

        assertThat(checked.findings()).isNotEmpty().isEqualTo(fresh(second));
        assertThat(follower.check(first, now).findings()).isEqualTo(fresh(first));
    }

    @Test
    void aRevisionThatNeverCameIsForgottenForTheOneThatDid() {
        var inspections = new Inspections();
        var judge = new Analyzer(inspections);
        var now = Instant.parse("2026-01-02T00:00:00Z");
        var first = Documents.image(services(5));
        inspections.remember(judge.check(first, now));
        for (int i = 0; i < 40; i++) {
            var never = first.with(2, Documents.objects(service(1, "never.test", "/" + i)), List.of());
            inspections.remember(judge.check(never, now));
        }
        var second = first.with(2, Documents.objects(service(1, "second.test", "/")), List.of());
        inspections.remember(judge.check(second, now));

        assertThat(inspections.image(2)).containsSame(second);
        assertThat(inspections.image(1)).containsSame(first);
    }

    @Test
    void manyLargeImagesAreNotRemembered() {
        var inspections = new Inspections();
        var judge = new Analyzer(inspections);
        var now = Instant.parse("2026-01-02T00:00:00Z");
        var first = Documents.image(services(300));
        inspections.remember(judge.check(first, now));

        var all = first.with(2, Documents.objects(services(300)), List.of());
        inspections.remember(judge.check(all, now));
        inspections.remember(judge.check(all.with(3, List.of(), List.of()), now));

        assertThat(inspections.image(1)).isEmpty();
        assertThat(inspections.image(3)).isPresent();
    }

    @Test
    void stepsAreKnownWithoutComparingForAWhile() {
        var images = new ArrayList<ConfigImage>();
        images.add(Documents.image(services(40)));
        for (int i = 0; i < 300; i++) {
            var changed = Documents.objects(service(i % 40, "h.test", "/" + i));
            images.add(images.getLast().with(2 + i, changed, List.of()));
        }
        var newest = images.getLast();

        assertThat(newest.stepsSince(newest)).contains(Set.of());
        assertThat(newest.stepsSince(images.get(297)).orElseThrow())
                .containsExactlyInAnyOrder(virtualService(17), virtualService(18), virtualService(19));
        assertThat(newest.stepsSince(images.getFirst())).isEmpty();
        assertThat(newest.changesSince(images.getFirst())).hasSize(40);
    }

    private static ObjectRef virtualService(int number) {
        return new ObjectRef(Kind.VIRTUAL_SERVICE, "shop", "vs-" + number);
    }

    private static String entry(int number, int port) {
        return """
               apiVersion: networking.istio.io/v1
               kind: ServiceEntry
               metadata: {namespace: shop, name: se-%d}
               spec: {hosts: [s%d.test], resolution: DNS, ports: [{number: %d, name: http, protocol: HTTP}]}
               """.formatted(number, number, port);
    }

    private static String forward(int number) {
        return """
               apiVersion: networking.istio.io/v1
               kind: VirtualService
               metadata: {namespace: shop, name: vs-%d}
               spec: {hosts: [h%d.test], gateways: [edge], http: [{route: [{destination: {host: s%d.test, port: {number: 80}}}]}]}
               """.formatted(number, number, number);
    }

    @Test
    void whoeverAskedForAnObjectIsComparedAgainWhenItGoes() {
        var analyzer = new Analyzer();
        var image = Documents.image(
                GATEWAY + "---\n" + GATEWAY.replace("name: edge", "name: spare") + "---\n" + services(3));
        assertThat(codes(analyzer.check(image).findings())).doesNotContain("SP2101");

        var without = image.with(2, List.of(), List.of(new ObjectRef(Kind.GATEWAY, "shop", "edge")));

        assertThat(codes(analyzer.check(without).findings()))
                .filteredOn("SP2101"::equals)
                .hasSize(3);
        assertThat(analyzer.check(without).findings()).isEqualTo(fresh(without));
    }

    @Test
    void serverThatComesToAPortOfManyIsJudgedAlone() {
        var analyzer = new Analyzer();
        var text = new StringBuilder();
        for (int i = 0; i < 600; i++) {
            text.append(server(i, "h" + i + ".test")).append("---\n");
        }
        var image = Documents.image(text + services(1_000).replace("edge", "edge-7"));
        analyzer.check(image);
        long comparisons = analyzer.comparisons();

        var checked = analyzer.check(image.with(2, Documents.objects(server(600, "h600.test")), List.of()));

        assertThat(analyzer.comparisons() - comparisons).isEqualTo(1);
        assertThat(checked.findings()).isEqualTo(fresh(checked.image()));
    }

    // More servers for one host than an answer speaks of, so that the one behind the last of them counts at times.
    @Test
    void answersOfManyDoNotDependOnWhatWasSeenBefore() {
        var random = new Random(39);
        var analyzer = new Analyzer();
        var image = ConfigImage.EMPTY;
        for (int step = 1; step <= 20; step++) {
            var upserts = new ArrayList<ConfigObject<?>>();
            var deletes = new ArrayList<ObjectRef>();
            for (int i = 0; i < (step == 1 ? 75 : 1 + random.nextInt(3)); i++) {
                int number = step == 1 ? i : random.nextInt(75);
                var object = Documents.objects(server(number, number % 9 == 0 ? "other.test" : "one.test"))
                        .getFirst();
                if (step > 1 && random.nextBoolean()) {
                    deletes.add(object.ref());
                } else {
                    upserts.add(object);
                }
            }
            image = image.with(step, upserts, deletes);
            assertThat(analyzer.check(image).findings()).as("step %d", step).isEqualTo(fresh(image));
        }
    }

    // A higher number is a younger one.
    private static String server(int number, String host) {
        return """
               apiVersion: networking.istio.io/v1
               kind: Gateway
               metadata: {namespace: shop, name: edge-%1$d, creationTimestamp: "2026-01-02T00:%2$02d:%3$02dZ"}
               spec: {servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [%4$s], tls: {mode: SIMPLE, credentialName: c}}]}
               """.formatted(number, number / 60, number % 60, host);
    }

    @Test
    void answersDoNotDependOnWhatWasSeenBefore() {
        for (long seed = 1; seed <= 20; seed++) {
            var random = new Random(seed);
            var pool = pool();
            var analyzer = new Analyzer();
            var image = ConfigImage.EMPTY;
            for (int step = 1; step <= 30; step++) {
                var upserts = new HashMap<ObjectRef, ConfigObject<?>>();
                var deletes = new ArrayList<ObjectRef>();
                for (int i = 0; i < 1 + random.nextInt(3); i++) {
                    var object = pool.get(random.nextInt(pool.size()));
                    if (random.nextInt(3) == 0) {
                        deletes.add(object.ref());
                    } else {
                        upserts.put(object.ref(), object);
                    }
                }
                image = image.with(step, upserts.values(), deletes);
                assertThat(analyzer.check(image).findings())
                        .as("seed %d, step %d", seed, step)
                        .isEqualTo(fresh(image));
            }
        }
    }

    @Test
    @Tag("V25")
    void ruleThatThrowsStopsNoOther() {
        var page = new Rule.Page("", "", "");
        var broken =
                new ObjectRule<>("SP1999", Severity.ERROR, "Broken", Kind.VIRTUAL_SERVICE, VirtualService.class, page) {
                    @Override
                    public void check(At<VirtualService> spec, Report report) {
                        throw new IllegalStateException("no luck");
                    }
                };
        var rules = new ArrayList<>(Rules.all());
        rules.add(broken);
        var object = Documents.objects("""
                        apiVersion: networking.istio.io/v1
                        kind: VirtualService
                        metadata: {namespace: shop, name: empty}
                        spec: {hosts: [a.test]}
                        """).getFirst();

        var findings = new Analyzer(rules, new SourceLocator()).inspect(object);

        assertThat(codes(findings)).containsExactlyInAnyOrder("SP1205", "SP9001");
        assertThat(findings)
                .noneMatch(finding -> finding.isRefusal() && finding.code().id().equals("SP9001"));
    }

    @Test
    void findingsOfAnObjectAreInTheOrderOfItsText() {
        var findings = Documents.findings(
                """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: a}
                spec:
                  hosts: [a.test]
                  http:
                """ + "  - match: [{uri: {regex: \"(\"}}]\n    directResponse: {status: 1}\n".repeat(11));

        assertThat(findings.stream()
                        .filter(finding -> finding.code().id().equals("SP1232"))
                        .map(finding -> finding.location().line())
                        .toList())
                .hasSize(11)
                .isSorted();
    }

    @Test
    @Tag("G2")
    @Tag("G6")
    @Tag("S36")
    void conflictOnAPortNamesBothObjects() {
        var yaml = """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: a, name: tcp}
                spec: {servers: [{port: {number: 31400, name: tcp, protocol: TCP}, hosts: ["*"]}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: b, name: tls}
                spec: {servers: [{port: {number: 31400, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: PASSTHROUGH}}]}
                """;

        var conflict = Documents.findings(yaml).stream()
                .filter(finding -> finding.code().id().equals("SP3101"))
                .findFirst()
                .orElseThrow();

        assertThat(conflict.location().object()).hasToString("Gateway b/tls");
        assertThat(conflict.message()).contains("Gateway a/tcp");
        assertThat(conflict.related()).singleElement().satisfies(place -> {
            assertThat(place.object()).hasToString("Gateway a/tcp");
            assertThat(place.line()).isEqualTo(4);
        });
    }

    private static List<Finding> fresh(ConfigImage image) {
        var rebuilt = ConfigImage.EMPTY.with(image.revision(), image.objects(), List.of());
        return new Analyzer().check(rebuilt).findings();
    }

    private static List<String> codes(List<Finding> findings) {
        return findings.stream().map(finding -> finding.code().id()).toList();
    }

    private static String services(int count) {
        var text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(service(i, "h" + i + ".test", "/")).append("---\n");
        }
        return text.toString();
    }

    private static String service(int number, String host, String path) {
        return """
               apiVersion: networking.istio.io/v1
               kind: VirtualService
               metadata: {namespace: shop, name: vs-%d}
               spec: {hosts: [%s], gateways: [edge], http: [{match: [{uri: {prefix: %s}}], directResponse: {status: 200}}]}
               """.formatted(number, host, path);
    }

    // Few names and hosts, so that objects meet: conflicts, references and their repairs come and go.
    private static List<ConfigObject<?>> pool() {
        var text = new StringBuilder();
        for (var variant : List.of("HTTP", "TCP", "HTTPS")) {
            for (var name : List.of("edge", "door")) {
                text.append("""
                        ---
                        apiVersion: networking.istio.io/v1
                        kind: Gateway
                        metadata: {namespace: shop, name: %s}
                        spec: {servers: [{port: {number: 80, name: p, protocol: %s}, hosts: ["*.test"]%s}]}
                        """.formatted(name, variant, variant.equals("HTTPS") ? ", tls: {mode: PASSTHROUGH}" : ""));
            }
        }
        for (var gateway :
                Map.of("vs-1", "edge", "vs-2", "door", "vs-3", "mesh").entrySet()) {
            for (var host : List.of("a.test", "b.test")) {
                text.append("""
                        ---
                        apiVersion: networking.istio.io/v1
                        kind: VirtualService
                        metadata: {namespace: shop, name: %s}
                        spec: {hosts: [%s], gateways: [%s], http: [{route: [{destination: {host: cart.test, subset: v1}}]}]}
                        """.formatted(gateway.getKey(), host, gateway.getValue()));
            }
        }
        for (var resolution : List.of("DNS", "NONE")) {
            for (var name : List.of("one", "two")) {
                text.append("""
                        ---
                        apiVersion: networking.istio.io/v1
                        kind: ServiceEntry
                        metadata: {namespace: shop, name: %s}
                        spec: {hosts: [cart.test], resolution: %s, ports: [{number: 80, name: http, protocol: HTTP}]}
                        ---
                        apiVersion: networking.istio.io/v1
                        kind: DestinationRule
                        metadata: {namespace: shop, name: %s}
                        spec: {host: cart.test, trafficPolicy: {loadBalancer: {simple: RANDOM}}, subsets: [{name: %s}]}
                        """.formatted(name, resolution, name, resolution.equals("DNS") ? "v1" : "v2"));
            }
        }
        return Documents.objects(text.toString());
    }
}
