package io.sallyport.accesslog.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Timestamps;
import io.sallyport.accesslog.receive.Proxy;
import io.sallyport.model.read.YamlReader;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.config.v1.Resource;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("B5")
class RunningConfigurationTest {

    private static final Proxy EDGE = new Proxy("istio-system", "edge");
    private static final String SHOP = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: shop, namespace: shop}
            spec:
              hosts: [shop.test]
              gateways: [plain, istio-system/edge]
              http: [{name: %s, directResponse: {status: 200}}]
            """;
    private static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: istio-system}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*.test"], tls: {mode: SIMPLE, credentialName: any}}
              - {port: {number: 444, name: own, protocol: HTTPS}, hosts: ["shop/shop.test"], tls: {mode: SIMPLE, credentialName: shop}}
            """;
    private static final String PLAIN = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: plain, namespace: shop}
            spec:
              selector: {istio: ingressgateway}
              servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
            """;

    private Instant now = Instant.parse("2026-11-21T10:00:00Z");
    private final Told told = new Told();
    private final RunningConfiguration configuration = new RunningConfiguration(told, () -> now);

    @Test
    void theTextOfTheObjectDecidesWhateverTheClocksSay() {
        told.store(4, SHOP.formatted("one"));
        told.store(7, SHOP.formatted("two"));
        told.runs(6, now.minusSeconds(100));

        var old = row(SHOP.formatted("one"), -5);
        var fresh = row(SHOP.formatted("two"), -4);
        configuration.stamp(EDGE, List.of(old, fresh));

        assertThat(old.getRevision()).isEqualTo(6);
        // The proxy has it, so it runs 7, though it has not said so.
        assertThat(fresh.getRevision()).isEqualTo(7);
    }

    @Test
    void withinTheLifeOfATextTheProxysOwnRevisionCounts() {
        told.store(4, SHOP.formatted("one"));
        told.runs(4, now.minusSeconds(100));
        var before = row(SHOP.formatted("one"), -10);
        configuration.stamp(EDGE, List.of(before));
        told.runs(9, now.minusSeconds(5));
        now = now.plusSeconds(1);

        var earlier = row(SHOP.formatted("one"), -7);
        var later = row(SHOP.formatted("one"), -3);
        var none = AccessLogEntry.newBuilder().setStartTime(Timestamps.fromMillis(now.toEpochMilli()));
        configuration.stamp(EDGE, List.of(earlier, later, none));

        assertThat(before.getRevision()).isEqualTo(4);
        assertThat(earlier.getRevision()).isEqualTo(4);
        assertThat(later.getRevision()).isEqualTo(9);
        assertThat(none.getRevision()).isEqualTo(9);
    }

    @Test
    void aTextThatNobodyKnowsIsAskedForOnce() {
        told.store(4, SHOP.formatted("one"));
        told.runs(4, now.minusSeconds(100));

        for (var i = 0; i < 3; i++) {
            var row = row(SHOP.formatted("lost"), -5);
            configuration.stamp(EDGE, List.of(row));
            assertThat(row.getRevision()).isEqualTo(4);
        }

        assertThat(told.asked).isLessThan(5);
    }

    @Test
    void theGatewayIsTheOneWhoseServerTakesTheHost() {
        told.store(4, SHOP.formatted("one"));
        told.store(2, GATEWAY);
        told.store(3, PLAIN);
        var plain = row(SHOP.formatted("one"), -5).setHost("shop.test:8080");
        var encrypted = row(SHOP.formatted("one"), -5)
                .setHost("shop.test")
                .setTlsVersion("TLSv1.3")
                .setServerName("shop.test");

        configuration.stamp(EDGE, List.of(plain, encrypted));

        assertThat(plain.getGateway()).isEqualTo("shop/plain");
        assertThat(encrypted.getGateway()).isEqualTo("istio-system/edge");
    }

    @Test
    void theCertificateIsTheOneThatTheSecretHadThen() {
        told.store(4, SHOP.formatted("one"));
        told.store(2, GATEWAY);
        told.certificates.add(certificate("any", "01", now.minusSeconds(500)));
        told.certificates.add(certificate("shop", "0a", now.minusSeconds(500)));
        var before = tls(-5);
        configuration.stamp(EDGE, List.of(before));
        told.certificates.set(1, certificate("shop", "0b", now.plusSeconds(2)));
        now = now.plusSeconds(10);

        var late = tls(-9);
        var after = tls(-5);
        configuration.stamp(EDGE, List.of(late, after));

        assertThat(before.getCertificateSerial()).isEqualTo("0a");
        assertThat(late.getCertificateSerial()).isEqualTo("0a");
        assertThat(after.getCertificateSerial()).isEqualTo("0b");
    }

    @Test
    void rulesAreListedInTheOrderOfTheObjectWithoutThoseThatHandOver() throws Exception {
        told.store(4, SHOP.formatted("one").replace("http: [", "http: [{name: first, delegate: {name: x}}, "));

        assertThat(new RuleList(told).rules())
                .containsExactly(new RuleList.Rule("VirtualService shop/shop", "shop", "http[1]", "one"));
        assertThat(RuleList.ruleOf("http[1].match[0]")).isEqualTo("http[1]");
    }

    @ParameterizedTest
    @CsvSource({
        "'', outbound|9000||db.shop.svc.cluster.local, tcp[0]",
        "'', outbound|9000|v2|db.shop.svc.cluster.local, tcp[1]",
        "'', outbound|9000||elsewhere.test, ''",
        // No endpoint was chosen, and either may have been.
        "'', '', ''",
        "A.shop.test, outbound|443||a.example, tls[0]",
        "b.shop.test, outbound|443||b.example, tls[1]",
        "b.shop.test, '', tls[1]",
    })
    @Tag("B5")
    void aConnectionKnowsItsRuleAndGatewayByWhereItLed(String name, String cluster, String rule) {
        told.store(3, """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: db, namespace: shop}
                spec:
                  hosts: ["*"]
                  gateways: [plain, doors]
                  tls:
                  - {match: [{sniHosts: [a.shop.test]}], route: [{destination: {host: a.example}}]}
                  - {match: [{sniHosts: ["*.shop.test"]}], route: [{destination: {host: b.example}}]}
                  tcp:
                  - {match: [{port: 9000}], route: [{destination: {host: db}}]}
                  - {match: [{port: 9001}], route: [{destination: {host: db, subset: v2}}]}
                """);
        told.store(2, PLAIN);
        told.store(1, """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: doors, namespace: shop}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 9000, name: tcp, protocol: TCP}, hosts: ["*"]}
                  - {port: {number: 443, name: tls, protocol: TLS}, hosts: ["*"], tls: {mode: PASSTHROUGH}}
                """);
        told.runs(5, now.minusSeconds(100));
        var row = AccessLogEntry.newBuilder()
                .setKind("tcp")
                .setStartTime(Timestamps.fromMillis(now.toEpochMilli()))
                .setRouteObject("VirtualService shop/db")
                .setServerName(name)
                .setCluster(cluster);

        configuration.stamp(EDGE, List.of(row, row.clone()));

        assertThat(row.getRule()).isEqualTo(rule);
        assertThat(row.getGateway()).isEqualTo("shop/doors");
        assertThat(row.getRevision()).isEqualTo(5);
    }

    private static ConfigurationSource.Certificate certificate(String secret, String serial, Instant since) {
        return new ConfigurationSource.Certificate("istio-system", secret, serial, "CN=shop.test", since);
    }

    private AccessLogEntry.Builder tls(int seconds) {
        return row(SHOP.formatted("one"), seconds)
                .setHost("shop.test")
                .setTlsVersion("TLSv1.3")
                .setServerName("shop.test")
                .setLocalSubject("CN=shop.test");
    }

    private AccessLogEntry.Builder row(String text, int seconds) {
        return AccessLogEntry.newBuilder()
                .setStartTime(Timestamps.fromMillis(now.plusSeconds(seconds).toEpochMilli()))
                .setRouteObject("VirtualService shop/shop")
                .setObjectDigest(YamlReader.source("a", 1, 0, text).digest())
                .setRule("http[0]");
    }

    /// Revisions, proxies and secrets as a test tells them.
    private static final class Told implements ConfigurationSource {

        private final Map<String, TreeMap<Long, Resource>> objects = new TreeMap<>();
        private final List<Certificate> certificates = new ArrayList<>();
        private List<Running> running = List.of();
        private int asked;

        void store(long revision, String text) {
            var read = new YamlReader().readDocument(YamlReader.source("a.yaml", 1, 0, text));
            var ref = java.util.Objects.requireNonNull(read.ref());
            objects.computeIfAbsent(ref.toString(), _ -> new TreeMap<>())
                    .put(
                            revision,
                            Resource.newBuilder()
                                    .setSourceText(text)
                                    .setDigest(read.source().digest())
                                    .setRevision(revision)
                                    .build());
        }

        void runs(long revision, Instant since) {
            running = List.of(new Running("istio-system", "edge", revision, since));
        }

        @Override
        public List<Resource> object(String kind, String namespace, String name, OptionalLong revision) {
            asked++;
            var versions = objects.getOrDefault(kind + " " + namespace + "/" + name, new TreeMap<>());
            var found = versions.floorEntry(revision.orElse(Long.MAX_VALUE));
            return found == null ? List.of() : List.of(found.getValue());
        }

        @Override
        public List<Running> running() {
            return running;
        }

        @Override
        public List<Certificate> certificates(String namespace) {
            return List.copyOf(certificates);
        }

        @Override
        public List<Resource> all(String kind, int limit) {
            return objects.values().stream()
                    .map(versions -> versions.lastEntry().getValue())
                    .toList();
        }
    }
}
