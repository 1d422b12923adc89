package io.sallyport.model.read;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.model.ConfigMap;
import io.sallyport.model.EndpointSlice;
import io.sallyport.model.Gateway;
import io.sallyport.model.Kind;
import io.sallyport.model.MeshConfig;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Platform;
import io.sallyport.model.Secret;
import io.sallyport.model.Service;
import io.sallyport.model.VirtualService;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class YamlReaderTest {

    @Test
    void aVirtualServiceBecomesARecord() {
        var service = Reading.spec(VirtualService.class, Reading.virtualService("""
                hosts: [shop.test]
                gateways: [edge]
                http:
                - match: [{uri: {prefix: /api}, headers: {x-user: {exact: eva}}}]
                  timeout: 1m30s
                  retries: {attempts: 3, perTryTimeout: 250ms, retryOn: 5xx, retryRemoteLocalities: true}
                  route:
                  - {destination: {host: api, port: {number: 8080}}, weight: 90}
                  - {destination: {host: api, subset: v2}, weight: 10}
                """));

        var route = service.http().getFirst();
        assertThat(service.hosts()).containsExactly("shop.test");
        assertThat(route.timeout()).isEqualTo(Duration.ofSeconds(90));
        assertThat(route.route())
                .extracting(VirtualService.HttpRouteDestination::weight)
                .containsExactly(90, 10);
        assertThat(route.match().getFirst().uri())
                .extracting(match -> match.form())
                .hasToString("Prefix[value=/api]");
        assertThat(route.redirect()).isNull();
        assertThat(route.name()).isEmpty();
    }

    @Test
    void anEmojiMayStandAnywhere() {
        for (int before = 0; before < 1_100; before++) {
            var result = Reading.read("#" + "x".repeat(before) + "\uD83D\uDE80\n" + Reading.virtualService("""
                    hosts: [shop.test]
                    """));

            assertThat(result.objects()).as("behind " + before).hasSize(1);
        }
    }

    @Test
    void anUnknownFieldIsNamedWithWhatWasMeant() {
        var result = Reading.read(Reading.virtualService("hsots: [shop.test]"));

        assertThat(Reading.lines(result))
                .containsExactly("SP1001 spec.hsots 5:3: unknown field \"hsots\" (did you mean \"hosts\"?)");
        assertThat(result.findings().getFirst().location().object())
                .isEqualTo(new ObjectRef(Kind.VIRTUAL_SERVICE, "shop", "shop"));
        assertThat(result.objects()).isEmpty();
        assertThat(result.documents().getFirst().ref()).hasToString("VirtualService shop/shop");
    }

    @Test
    void aFieldOnTheWrongLevelIsSentToTheRightOne() {
        var result = Reading.read("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge}
                hosts: ["*"]
                spec:
                  servers:
                  - hosts: ["*"]
                    number: 80
                    port: {number: 80, name: http, protocol: HTTP, bind: 127.0.0.1}
                """);

        assertThat(Reading.lines(result))
                .containsExactly(
                        "SP1001 hosts 4:1: unknown field \"hosts\" (did you mean \"spec.servers.hosts\"?)",
                        "SP1001 spec.servers[0].number 8:5: unknown field \"number\" (did you mean \"port.number\"?)",
                        "SP1001 spec.servers[0].port.bind 9:52: unknown field \"bind\" (it belongs further up, to Server)");
    }

    @Test
    void allFindingsComeAtOnce() {
        var result = Reading.read(Reading.virtualService("""
                hosts: shop.test
                http:
                - timeout: 1d
                  route:
                  - destination: {subset: v1}
                    weight: "90"
                  match: [{uri: {exact: /a, prefix: /b}, ignoreUriCase: "true"}]
                  corsPolicy: {unmatchedPreflights: FORWRAD}
                """));

        assertThat(Reading.codes(result))
                .containsExactly("SP1002", "SP1006", "SP1009", "SP1004", "SP1007", "SP1002", "SP1003");
    }

    @Test
    void snakeCaseIsReadAsIstioReadsIt() {
        var service = Reading.spec(
                VirtualService.class,
                Reading.virtualService("export_to: ['.']\nhttp: [{direct_response: {status: 204}}]"));

        assertThat(service.exportTo()).containsExactly(".");
    }

    @Test
    void oneFieldInTwoSpellingsIsADuplicate() {
        var result = Reading.read(Reading.virtualService("exportTo: ['.']\nexport_to: ['*']"));

        assertThat(Reading.codes(result)).containsExactly("SP1008");
    }

    @Test
    void nothingIsTheSameAsAbsent() {
        var service = Reading.spec(VirtualService.class, Reading.virtualService("hosts:\nhttp: ~\ngateways: [a]"));

        assertThat(service.hosts()).isEmpty();
    }

    @Test
    void everyVersionIsReadAlike() {
        var text = Reading.virtualService("hosts: [a.test]");

        assertThat(Reading.spec(VirtualService.class, text))
                .isEqualTo(Reading.spec(VirtualService.class, text.replace("/v1", "/v1alpha3")))
                .isEqualTo(Reading.spec(VirtualService.class, text.replace("/v1", "/v1beta1")));
    }

    @Test
    void aBrokenDocumentLeavesItsNeighboursReadable() {
        var result = Reading.read(Reading.gateway("80") + "---\nhosts: [a.test\n---\n" + Reading.gateway("81"));

        assertThat(result.documents()).hasSize(3);
        assertThat(result.objects()).hasSize(2);
        assertThat(Reading.codes(result)).containsExactly("SP1040");
        assertThat(result.findings().getFirst().location().line()).isBetween(9, 10);
    }

    @Test
    void linesCountFromTheStartOfTheFile() {
        var result = Reading.read("# one\n---\n" + Reading.gateway("80") + "---\n# two\n" + Reading.gateway("x"));

        assertThat(Reading.lines(result)).singleElement().asString().contains(" 18:20: ");
        assertThat(result.documents().get(1).source().firstLine()).isEqualTo(11);
    }

    @Test
    void emptyDocumentsAreSkipped() {
        var result = Reading.read("---\n---\n# nothing\n---\n" + Reading.gateway("80") + "...\n---\n~\n");

        assertThat(Reading.lines(result)).isEmpty();
        assertThat(result.documents()).hasSize(1);
    }

    @Test
    void aListIsOpenedAndEachItemKeepsItsPlace() {
        var text = """
                apiVersion: v1
                kind: List
                items:
                - apiVersion: networking.istio.io/v1
                  kind: Gateway
                  metadata: {name: a}
                  spec: {selector: {istio: ingressgateway}}
                - apiVersion: networking.istio.io/v1
                  kind: Gateway
                  metadata: {name: b}
                  spec: {selctor: {}}
                """;
        var result = Reading.read(text);

        assertThat(result.documents()).extracting(DocumentResult::index).containsExactly(0, 1);
        assertThat(result.objects()).extracting(object -> object.name()).containsExactly("a");
        assertThat(Reading.lines(result)).singleElement().asString().startsWith("SP1001 spec.selctor 11:10: ");
        var again = new YamlReader().readDocument(result.documents().get(1).source());
        assertThat(again.findings()).isEqualTo(result.documents().get(1).findings());
    }

    @Test
    void readingADocumentAgainGivesTheSame() {
        var first = Reading.read("---\n" + Reading.gateway("80") + "---\n" + Reading.gateway("81"))
                .documents()
                .get(1);

        assertThat(new YamlReader().readDocument(first.source())).isEqualTo(first);
    }

    @Test
    void serviceAndEndpointSliceAreRead() {
        var service = Reading.spec(Service.class, """
                apiVersion: v1
                kind: Service
                metadata: {name: api, namespace: shop}
                spec:
                  selector: {app: api}
                  ports:
                  - {name: http, port: 80, targetPort: web}
                  - {name: grpc, port: 81, targetPort: 8081, protocol: TCP}
                status: {loadBalancer: {}}
                """);
        var slice = Reading.spec(EndpointSlice.class, """
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: api-1, namespace: shop, labels: {kubernetes.io/service-name: api}}
                addressType: IPv4
                ports: [{name: http, port: 8080}]
                endpoints: [{addresses: [127.0.0.1], conditions: {ready: true}}]
                """);

        assertThat(service.ports().getFirst().targetPort()).hasToString("web");
        assertThat(service.type()).isEqualTo(Service.Type.ClusterIP);
        assertThat(slice.endpoints().getFirst().addresses()).containsExactly("127.0.0.1");
    }

    @Test
    void aSecretKeepsItsKeysAndForgetsTheirValues() {
        var result = Reading.read("""
                apiVersion: v1
                kind: Secret
                metadata: {name: cert}
                type: kubernetes.io/tls
                data: {tls.crt: c2VjcmV0, tls.key: c2VjcmV0}
                """);

        var object = result.objects().findFirst().orElseThrow();
        assertThat(object.spec())
                .isInstanceOfSatisfying(
                        Secret.class, secret -> assertThat(secret.keys()).containsExactly("tls.crt", "tls.key"));
        assertThat(object.toString()).doesNotContain("c2VjcmV0");
    }

    @Test
    void theMeshSettingsAreReadOutOfTheirConfigMap() {
        var map = Reading.spec(ConfigMap.class, """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: istio, namespace: istio-system}
                data:
                  mesh: |
                    outboundTrafficPolicy:
                      mode: REGISTRY_ONLY
                    enableTracing: true
                    defaultConfig: {gatewayTopology: {numTrustedProxies: 2}, statusPort: 15021}
                  meshNetworks: "networks: {}"
                """);

        assertThat(map.mesh())
                .isNotNull()
                .extracting(MeshConfig::outboundTrafficPolicy)
                .isEqualTo(new MeshConfig.OutboundTrafficPolicy(MeshConfig.OutboundMode.REGISTRY_ONLY));
    }

    @Test
    void aFaultInTheMeshSettingsIsPlacedInTheFile() {
        var result = Reading.read("""
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: istio, namespace: istio-system}
                data:
                  mesh: |
                    outboundTrafficPolicy:
                      mode: REGISTRY
                """);

        assertThat(Reading.lines(result))
                .singleElement()
                .asString()
                .startsWith("SP1003 data.mesh.outboundTrafficPolicy.mode 7:13: ");
    }

    @Test
    void sallyportYamlNeedsNoKind() {
        var result = Reading.read("conf/sallyport.yaml", """
                mesh: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}
                proxies:
                - name: istio-ingressgateway
                  namespace: istio-system
                  labels: {istio: ingressgateway}
                  listen: {80: 8080, 443: 8443}
                - {name: sleep, kind: sidecar, listen: {http-proxy: 15002}}
                """);

        var platform = (Platform) result.objects().findFirst().orElseThrow().spec();
        assertThat(platform.proxiesOrDefault()).hasSize(2).first().satisfies(proxy -> {
            assertThat(proxy.listen()).isEqualTo(ImmutableSortedMap.of("80", 8080, "443", 8443));
            assertThat(proxy.kind()).isEqualTo(Platform.ProxyKind.router);
            assertThat(proxy.address()).isEqualTo("127.0.0.1");
        });
    }

    @Test
    void sallyportYamlIsReadStrictly() {
        var result = Reading.read("sallyport.yaml", """
                proxies:
                - {name: a, listen: {web: 8080, 0: 1, 80: 70000}}
                - {name: a, adress: 0.0.0.0}
                """);

        assertThat(Reading.lines(result)).hasSize(5).anyMatch(line -> line.contains("did you mean \"address\""));
    }

    @Test
    void proxiesOfOneMachineShareNoPort() {
        var result = Reading.read("sallyport.yaml", """
                proxies:
                - {name: a, kind: sidecar}
                - {name: b, kind: sidecar}
                - {name: c, address: 0.0.0.0, listen: {80: 8080}}
                - {name: d, address: 127.0.0.2, listen: {80: 8080}}
                """);

        assertThat(Reading.lines(result))
                .satisfiesExactly(
                        line -> assertThat(line)
                                .contains(
                                        "SP1028",
                                        "proxies[1] 3:3",
                                        "without listen takes port 15001, as proxy \"default/a\" does"),
                        line -> assertThat(line)
                                .contains(
                                        "proxies[3].listen.80 5:46",
                                        "local port 8080 of proxy \"default/d\" is taken by proxy \"default/c\""));
    }

    // As ports of a Service may have one target.
    @Test
    void portsOfOneProxyMayShareALocalOne() {
        var result = Reading.read("sallyport.yaml", "proxies: [{name: a, listen: {80: 8080, 8080: 8080}}]\n");

        assertThat(Reading.lines(result)).isEmpty();
    }

    @Test
    void proxiesOfOneMachineMayHaveOnePortAtTwoAddresses() {
        var result = Reading.read("sallyport.yaml", """
                proxies:
                - {name: a, address: 127.0.0.1, listen: {80: 8080, 443: 0}}
                - {name: b, address: 127.0.0.2, listen: {80: 8080, 443: 0}}
                """);

        assertThat(Reading.lines(result)).isEmpty();
    }

    @Test
    void kindsOfOthersHaveNoEffectAndAreNoFault() {
        var result = Reading.read("""
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: api}
                ---
                apiVersion: gateway.solo.io/v1
                kind: Gateway
                metadata: {name: edge}
                ---
                apiVersion: v1
                kind: ServiceAccount
                metadata: {name: a}
                """);

        assertThat(Reading.codes(result)).containsExactly("SP4042", "SP4042", "SP4042");
        assertThat(result.hasErrors()).isFalse();
    }

    @Test
    void misspelledKindsOfOursAreErrors() {
        var result = Reading.read("""
                {apiVersion: networking.istio.io/v1, kind: Virtualservice, metadata: {name: a}}
                ---
                {apiVersion: networking.istio.io/v1, kind: VirtualServce, metadata: {name: a}}
                ---
                {apiVersion: networking.istio.io/v2, kind: VirtualService, metadata: {name: a}}
                ---
                {apiVersion: security.istio.io/v1, kind: VirtualService, metadata: {name: a}}
                ---
                {kind: VirtualService, metadata: {name: a}}
                ---
                {apiVersion: v1, metadata: {name: a}}
                """);

        assertThat(Reading.codes(result)).containsExactly("SP1022", "SP1022", "SP1023", "SP1023", "SP1020", "SP1021");
    }

    @Test
    void jsonIsReadByTheSameReader() {
        var yaml = Reading.read(Reading.gateway("80")).objects().findFirst().orElseThrow();
        var json = Reading.read("gateway.json", """
                {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "edge"},
                 "spec": {"servers": [{"hosts": ["*"], "port": {"number": 80, "name": "http", "protocol": "HTTP"}}]}}
                """).objects().findFirst().orElseThrow();

        assertThat(json.spec()).isEqualTo(yaml.spec()).isInstanceOf(Gateway.class);
    }

    @Test
    void positionsAreFoundAgainByPath() {
        var source = Reading.read("---\n" + Reading.gateway("80"))
                .documents()
                .getFirst()
                .source();
        var positions = new Positions();
        var port = io.sallyport.model.Path.of("spec", "servers").index(0).field("port");

        assertThat(positions.locate(source, port.field("number")))
                .extracting(at -> at.line() + ":" + at.column())
                .isEqualTo("8:20");
        assertThat(positions.locateKey(source, port, null))
                .extracting(at -> at.line() + ":" + at.column())
                .isEqualTo("8:5");
        assertThat(positions.locate(source, port.field("targetPort")))
                .extracting(at -> at.line() + ":" + at.column())
                .isEqualTo("8:11");
    }

    @Test
    void anEmptyStringIsRefusedWhereIstioRefusesIt() {
        var result = Reading.read("""
                apiVersion: telemetry.istio.io/v1
                kind: Telemetry
                metadata: {name: logs}
                spec: {accessLogging: [{providers: [{name: ""}]}]}
                """);

        assertThat(Reading.lines(result))
                .containsExactly(
                        "SP1012 spec.accessLogging[0].providers[0].name 4:44: empty (expected: at least one character)");
    }
}
