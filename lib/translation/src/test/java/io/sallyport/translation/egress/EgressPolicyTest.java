package io.sallyport.translation.egress;

import static io.sallyport.translation.egress.EgressProxies.DOOR;
import static io.sallyport.translation.egress.EgressProxies.client;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.analysis.expansion.EgressExpansion;
import io.sallyport.model.Kind;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.Translator;
import io.sallyport.translation.egress.Errand.Protocol;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// One EgressPolicy in place of the objects that it stands for.
@Tag("P14")
class EgressPolicyTest {

    private static final String CLOSED = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {namespace: istio-system, name: istio}
            data:
              mesh: |
                outboundTrafficPolicy: {mode: REGISTRY_ONLY}
            ---
            """;
    private static final String PLATFORM = """
            proxies:
            - {name: istio-egressgateway, namespace: istio-system, labels: {istio: egressgateway}}
            """;
    private static final String POLICY = """
            apiVersion: sallyport.io/v1alpha1
            kind: EgressPolicy
            metadata: {namespace: shop, name: pay}
            spec:
            """;
    private static final String GATEWAY = "  gateway: {namespace: istio-system, name: istio-egressgateway}\n";
    private static final String WEB = "  ports: [{number: 80, protocol: HTTP}, {number: 443, protocol: TLS}]\n";

    private static final ProxyClass CART = client("shop", "cart");
    private static final ProxyClass OTHER = client("shop", "other");
    private static final ProxyClass STRANGER = client("stock", "cart");
    private static final ProxyClass BESIDE = client("istio-system", "cart");

    private static CheckedImage checked(String yaml) {
        return Checked.of(PLATFORM, yaml);
    }

    @Test
    void ejectedTextMakesTheSameBytes() {
        var policies = List.of(
                "  hosts: [a.example.com, \"*.example.org\"]\n" + WEB,
                "  from: [{labels: {app: cart}}, {namespace: pay}]\n  hosts: [a.example.com, b.example.com, \"*.example.org\"]\n"
                        + WEB + GATEWAY,
                "  hosts: [a.example.com]\n  ports: [{number: 80, protocol: HTTP}, {number: 5432, protocol: TCP}]\n"
                        + "  tlsOrigination: {mode: MUTUAL, credentialName: client, sni: x.example.com}\n" + GATEWAY);
        for (var policy : policies) {
            var written = checked(CLOSED + POLICY + policy);
            var ejected = checked(CLOSED + ejected(written));
            for (var proxy : List.of(CART, OTHER, STRANGER, DOOR)) {
                assertThat(bytes(ejected, proxy)).as(policy).isEqualTo(bytes(written, proxy));
            }
            assertThat(bytes(written, CART)).isNotEqualTo(bytes(checked(CLOSED), CART));
        }
    }

    private static String ejected(CheckedImage image) {
        return image.image().objects().stream()
                .filter(object -> object.ref().kind() == Kind.EGRESS_POLICY)
                .flatMap(policy -> EgressExpansion.of(policy).stream())
                .map(EgressExpansion.Derived::text)
                .collect(Collectors.joining("---\n"));
    }

    private static Map<String, ByteString> bytes(CheckedImage image, ProxyClass proxy) {
        EnvoyResources resources = new Translator().translate(image, proxy);
        var all = new TreeMap<String, ByteString>();
        for (var type : ResourceType.values()) {
            resources.all(type).forEach((name, resource) -> all.put(type + " " + name, resource.bytes()));
        }
        return all;
    }

    @Test
    void clientsThatAreMeantGoByTheGatewayAndOthersAreBlocked() {
        var image = checked(
                CLOSED + POLICY + "  from: [{labels: {app: cart}}]\n  hosts: [a.example.com]\n" + WEB + GATEWAY);
        for (var errand : List.of(
                new Errand("a.example.com", 80, Protocol.HTTP), new Errand("a.example.com", 443, Protocol.TLS))) {
            assertThat(verdict(image, CART, errand))
                    .isInstanceOfSatisfying(
                            Verdict.ThroughGateway.class,
                            through -> assertThat(through.gateway()).isEqualTo("istio-system/istio-egressgateway"));
            for (var other : List.of(OTHER, STRANGER, BESIDE)) {
                assertThat(verdict(image, other, errand))
                        .as(other + " " + errand)
                        .isInstanceOf(Verdict.Blocked.class);
            }
        }
        assertThat(verdict(image, CART, new Errand("b.example.com", 443, Protocol.TLS)))
                .isInstanceOf(Verdict.Blocked.class);
    }

    @Test
    void withoutAGatewayClientsGoStraight() {
        var image = checked(CLOSED + POLICY + "  from: [{labels: {app: cart}}]\n  hosts: [a.example.com]\n" + WEB);
        for (var errand : List.of(
                new Errand("a.example.com", 80, Protocol.HTTP), new Errand("a.example.com", 443, Protocol.TLS))) {
            assertThat(verdict(image, CART, errand)).isInstanceOf(Verdict.Direct.class);
            assertThat(verdict(image, OTHER, errand)).isInstanceOf(Verdict.Blocked.class);
        }
    }

    @Test
    void aDotAtTheEndIsTheSameHost() {
        var image = checked(CLOSED + POLICY + "  from: [{labels: {app: cart}}]\n  hosts: [a.example.com]\n" + WEB);
        var dotted = new Errand("a.example.com.", 80, Protocol.HTTP);
        assertThat(verdict(image, CART, dotted))
                .isInstanceOf(Verdict.Direct.class)
                .isEqualTo(verdict(image, CART, new Errand("a.example.com", 80, Protocol.HTTP)));
    }

    @Test
    void wildcardsCoverTheirNamesAlone() {
        var image = checked(
                CLOSED + POLICY + "  from: [{namespace: \"*\"}]\n  hosts: [\"*.example.com\"]\n" + WEB + GATEWAY);
        assertThat(verdict(image, STRANGER, new Errand("a.example.com", 443, Protocol.TLS)))
                .isInstanceOf(Verdict.ThroughGateway.class);
        assertThat(verdict(image, STRANGER, new Errand("a.example.com", 80, Protocol.HTTP)))
                .isInstanceOf(Verdict.ThroughGateway.class);
        assertThat(verdict(image, STRANGER, new Errand("example.com", 80, Protocol.HTTP)))
                .isInstanceOf(Verdict.Blocked.class);
    }

    @Test
    void bytesGoByTheGatewayToo() {
        var image = checked(CLOSED + POLICY
                + "  from: [{labels: {app: cart}}]\n  hosts: [db.example.com]\n  ports: [{number: 5432, protocol: TCP}]\n"
                + GATEWAY);
        var errand = new Errand("db.example.com", 5432, Protocol.TCP);
        assertThat(verdict(image, CART, errand)).isInstanceOf(Verdict.ThroughGateway.class);
        assertThat(verdict(image, OTHER, errand)).isInstanceOf(Verdict.Blocked.class);
    }

    private static Verdict verdict(CheckedImage image, ProxyClass client, Errand errand) {
        return new EgressJudge(image, new Translator())
                .judge(client, Door.of(client).getFirst(), errand);
    }
}
