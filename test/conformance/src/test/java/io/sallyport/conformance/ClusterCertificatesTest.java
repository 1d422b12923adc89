package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.cluster.ChartAccounts;
import io.sallyport.cluster.TestCluster;
import io.sallyport.model.Kind;
import io.sallyport.testkit.net.EchoServer;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.stack.SeparateServices;
import io.sallyport.testkit.tls.Authority;
import io.sallyport.testkit.tls.Authority.Issued;
import io.sallyport.testkit.tls.Curl;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Certificates and authorities that are objects of a cluster, at a real Envoy. secret-service reads Secrets where
/// gateways are and nowhere else, as the chart has it; at a real API server the services have the chart's accounts and
/// no other rights. `ClusterTest` is about everything else.
class ClusterCertificatesTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    // curl's exit codes for a handshake that the server ends; which one it is depends on the version of TLS (S29).
    private static final Integer[] REJECTED = {16, 35, 52, 55, 56};
    private static final int UNTRUSTED = 60;

    @TempDir
    Path scratch;

    private final TestCluster cluster = TestCluster.start();
    private final HttpClient client = new HttpClient();
    private final String edge = cluster.namespace("edge");
    private final String shop = cluster.namespace("shop");
    private Authority authority;

    @BeforeEach
    void prepare() throws IOException {
        authority = Authority.in(scratch.resolve("authority"));
    }

    @AfterEach
    void stop() {
        client.close();
        cluster.close();
    }

    private SeparateServices start(String... lenders) throws IOException {
        var gateways = new ArrayList<>(List.of(edge));
        gateways.addAll(List.of(lenders));
        var all = new ArrayList<>(gateways);
        all.add(shop);
        if (!cluster.isReal()) {
            return SeparateServices.inCluster(scratch, cluster.kubeconfig(), cluster.kubeconfig(), all, gateways);
        }
        var accounts = ChartAccounts.install(cluster, edge);
        accounts.grant("authorities", shop);
        for (var lender : lenders) {
            accounts.grant("secrets", lender);
        }
        return SeparateServices.inCluster(
                scratch,
                accounts.kubeconfig("sallyport-config"),
                accounts.kubeconfig("sallyport-secret"),
                all,
                gateways);
    }

    private static void awaitTrue(String what, Callable<Boolean> fact) {
        Awaitility.await(what).atMost(PATIENCE).until(fact);
    }

    private int status(SeparateServices services, String host) {
        try {
            var call = new HttpClient.Call("GET", host, "/", Map.of(), "");
            return client.send(services.port(), HttpClient.Version.HTTP_1_1, call)
                    .status();
        } catch (IOException refused) {
            return 0;
        }
    }

    private Curl.Result https(SeparateServices services, String host) throws IOException {
        return Curl.https(
                host,
                services.tlsPort(),
                "/",
                "--cacert",
                authority.certificate().toString());
    }

    private static String base64(Path file) throws IOException {
        return Base64.getEncoder().encodeToString(Files.readAllBytes(file));
    }

    // What cert-manager 1.x writes: its annotations and its label, an empty ca.crt where the issuer tells none, and the
    // outputs that a Certificate may ask for beside.
    private void certManager(String namespace, String name, Issued issued, String authorities) throws IOException {
        var combined = Files.readString(issued.key()) + Files.readString(issued.certificate());
        cluster.apply("cert-manager-certificates-issuing", """
                apiVersion: v1
                kind: Secret
                metadata:
                  name: %1$s
                  namespace: %2$s
                  labels: {controller.cert-manager.io/fao: "true"}
                  annotations:
                    cert-manager.io/alt-names: cart.test
                    cert-manager.io/certificate-name: %1$s
                    cert-manager.io/common-name: ""
                    cert-manager.io/ip-sans: 10.0.0.1
                    cert-manager.io/issuer-group: cert-manager.io
                    cert-manager.io/issuer-kind: ClusterIssuer
                    cert-manager.io/issuer-name: letsencrypt
                    cert-manager.io/uri-sans: ""
                type: kubernetes.io/tls
                data: {tls.crt: "%3$s", tls.key: "%4$s", ca.crt: "%5$s", tls-combined.pem: "%6$s", key.der: "%6$s"}
                """.formatted(
                        name,
                        namespace,
                        base64(issued.certificate()),
                        base64(issued.key()),
                        authorities,
                        Base64.getEncoder().encodeToString(combined.getBytes(StandardCharsets.US_ASCII))));
    }

    @Test
    @Tag("S58")
    @Tag("S59")
    @Tag("S60")
    @Tag("S61")
    @Tag("S62")
    @Tag("S64")
    @Tag("S70")
    void certificateIsServedWhereTheProxyIsFromItsTemporaryOneOn() throws Exception {
        cluster.install(Kind.GATEWAY, Kind.VIRTUAL_SERVICE);
        certManager(shop, "cart-cert", authority.issueRsa("cart.test", 90), "");
        cluster.apply("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: %1$s}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [cart.test]}
                  - port: {number: 443, name: https, protocol: HTTPS}
                    hosts: [cart.test]
                    tls: {mode: SIMPLE, credentialName: cart-cert}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: cart, namespace: %1$s}
                spec: {hosts: [cart.test], gateways: [edge], http: [{directResponse: {status: 200}}]}
                """.formatted(shop));
        try (var services = start()) {
            awaitTrue("the plain port", () -> status(services, "cart.test") == 200);
            awaitTrue(
                    "why the other is closed",
                    () -> secrets(services)
                            .contains("it must be in \"%s\", where its gateway runs; Secrets are read in \"%1$s\" alone"
                                    .formatted(edge)));
            assertThat(secrets(services))
                    .contains("kubectl get secrets -A --field-selector metadata.name=cart-cert")
                    .doesNotContain(shop);
            assertThat(https(services, "cart.test").exitCode()).isIn((Object[]) REJECTED);
            awaitTrue(
                    "the status",
                    () -> resolved()
                            .contains("False InvalidCertificateRef Secret \"%s/cart-cert\" does not".formatted(edge)));

            // Its own authority's, until the issuer has answered; the key to come stands in a Secret beside.
            var temporary = Authority.in(scratch.resolve("temporary"));
            certManager(edge, "cart-cert", temporary.issueRsa("cart.test", 90), "");
            cluster.apply("cert-manager-certificates-key-manager", """
                    apiVersion: v1
                    kind: Secret
                    metadata: {name: cart-cert-x7k2p, namespace: %s, labels: {cert-manager.io/next-private-key: "true"}}
                    type: Opaque
                    data: {tls.key: "%s"}
                    """.formatted(
                            edge, base64(authority.issueRsa("next.test", 90).key())));
            awaitTrue("the temporary one", () -> https(services, "cart.test").exitCode() == UNTRUSTED);

            certManager(edge, "cart-cert", authority.issueRsa("cart.test", 90), base64(authority.certificate()));
            awaitTrue("the issued one", () -> https(services, "cart.test").status() == 200);
            assertThat(secrets(services)).doesNotContain("x7k2p");
            assertThat(status(services, "cart.test")).isEqualTo(200);
            awaitTrue("no complaint", () -> resolved().contains("True Resolved"));
        }
    }

    private String resolved() {
        return conditions("networking.istio.io/v1", shop, "status", "conditions", "Resolved");
    }

    // `False Reason message` of one type.
    private String conditions(String apiVersion, String namespace, Object... path) {
        var type = path[path.length - 1];
        var found = cluster.find(apiVersion, "Gateway", namespace, "edge")
                .map(object -> object.<Object>get(Arrays.copyOf(path, path.length - 1)))
                .orElse(List.of());
        return (found instanceof List<?> list ? list : List.of())
                .stream()
                        .map(each -> (Map<?, ?>) each)
                        .filter(each -> type.equals(each.get("type")))
                        .map(each -> each.get("status") + " " + each.get("reason") + " " + each.get("message"))
                        .findFirst()
                        .orElse("absent");
    }

    private String listener(String namespace, String type) {
        return conditions("gateway.networking.k8s.io/v1", namespace, "status", "listeners", 0, "conditions", type);
    }

    /// The status says what a real handshake shows: closed without a certificate, open with one of two.
    @Test
    @Tag("S15")
    @Tag("S62")
    void aListenerSaysWhatBecomesOfItsSecrets() throws Exception {
        cluster.install(Kind.GATEWAY_CLASS, Kind.KUBERNETES_GATEWAY, Kind.HTTP_ROUTE);
        var vault = cluster.namespace("vault");
        try (var services = start(vault)) {
            cluster.apply("""
                    apiVersion: gateway.networking.k8s.io/v1
                    kind: Gateway
                    metadata: {name: edge, namespace: %1$s}
                    spec:
                      gatewayClassName: sallyport
                      listeners:
                      - name: https
                        port: 443
                        protocol: HTTPS
                        hostname: cart.test
                        tls: {certificateRefs: [{name: lost}, {name: good}]}
                    ---
                    apiVersion: gateway.networking.k8s.io/v1
                    kind: HTTPRoute
                    metadata: {name: cart, namespace: %1$s}
                    spec:
                      parentRefs: [{name: edge}]
                      hostnames: [cart.test]
                      rules: [{filters: [{type: RequestRedirect, requestRedirect: {hostname: other.test, statusCode: 302}}]}]
                    """.formatted(vault));
            awaitTrue(
                    "both to be missed",
                    () -> listener(vault, "ResolvedRefs")
                            .matches(
                                    "False InvalidCertificateRef Secret \".*/lost\" does not.*/good\" does not exist.*"));
            assertThat(listener(vault, "Programmed")).startsWith("False Invalid");
            awaitTrue(
                    "a closed door",
                    () -> List.of(REJECTED)
                            .contains(https(services, "cart.test").exitCode()));

            certManager(vault, "good", authority.issueRsa("cart.test", 90), "");
            awaitTrue("the good one", () -> https(services, "cart.test").status() == 302);
            awaitTrue("its listener", () -> listener(vault, "Programmed").startsWith("True"));
            assertThat(listener(vault, "ResolvedRefs"))
                    .startsWith("False InvalidCertificateRef Secret")
                    .contains("/lost")
                    .doesNotContain("/good");

            certManager(vault, "lost", authority.issue("cart.test", 20), "");
            awaitTrue("both", () -> listener(vault, "ResolvedRefs").startsWith("True ResolvedRefs"));
            cluster.delete("v1", "Secret", vault, "lost");
            awaitTrue(
                    "one to be missed again",
                    () -> listener(vault, "ResolvedRefs").startsWith("False Invalid"));
        }
    }

    private static String secrets(SeparateServices services) throws IOException {
        return services.shell()
                .run("secrets", "--no-handshake", "--server", "127.0.0.1:" + services.secretPort())
                .out();
    }

    // An API server takes no endpoints of loopback; the mock takes any.
    private InetAddress address() throws SocketException {
        return cluster.isReal()
                ? NetworkInterface.networkInterfaces()
                        .flatMap(NetworkInterface::inetAddresses)
                        .filter(each ->
                                each instanceof Inet4Address && !each.isLoopbackAddress() && !each.isLinkLocalAddress())
                        .findFirst()
                        .orElseThrow(() -> new IllegalStateException("this machine has no address but loopback"))
                : InetAddress.getLoopbackAddress();
    }

    private String gateway(String vault) {
        return """
                apiVersion: gateway.networking.k8s.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: %1$s}
                spec:
                  gatewayClassName: sallyport
                  listeners:
                  - {name: http, port: 80, protocol: HTTP}
                  - name: https
                    port: 443
                    protocol: HTTPS
                    hostname: lent.test
                    tls: {certificateRefs: [{name: lent, namespace: %2$s}]}
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {name: cart, namespace: %1$s}
                spec:
                  parentRefs: [{name: edge}]
                  hostnames: [cart.test, lent.test]
                  rules: [{backendRefs: [{name: cart, port: 80}]}]
                """.formatted(shop, vault);
    }

    private void backend(EchoServer server, InetAddress address) {
        cluster.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: cart, namespace: %1$s}
                spec: {ports: [{name: http, port: 80, targetPort: %2$d}]}
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: cart-a, namespace: %1$s, labels: {kubernetes.io/service-name: cart}}
                addressType: IPv4
                ports: [{name: http, port: %2$d, protocol: TCP}]
                endpoints: [{addresses: ["%3$s"], conditions: {ready: true}}]
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: BackendTLSPolicy
                metadata: {name: cart, namespace: %1$s}
                spec:
                  targetRefs: [{group: "", kind: Service, name: cart}]
                  validation: {hostname: cart.test, caCertificateRefs: [{group: "", kind: ConfigMap, name: roots}]}
                """.formatted(shop, server.port(), address.getHostAddress()));
    }

    private void roots(Path authorities) throws IOException {
        cluster.apply("""
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: roots, namespace: %s}
                data:
                  ca.crt: |
                %s
                """.formatted(shop, Files.readString(authorities).strip().indent(4)));
    }

    private String said() {
        return cluster.find("gateway.networking.k8s.io/v1", "BackendTLSPolicy", shop, "cart")
                .map(object -> String.valueOf(object.<Object>get("status", "ancestors", 0, "conditions")))
                .orElse("absent");
    }

    @Test
    @Tag("S15")
    @Tag("S64")
    @Tag("T11")
    void authoritiesComeFromConfigMapsAndGrantsLendSecrets() throws Exception {
        cluster.install(Kind.GATEWAY_CLASS, Kind.KUBERNETES_GATEWAY, Kind.HTTP_ROUTE, Kind.BACKEND_TLS_POLICY);
        // The version that every release of the standard serves.
        cluster.install(Kind.REFERENCE_GRANT, "v1beta1");
        var vault = cluster.namespace("vault");
        certManager(vault, "lent", authority.issueRsa("lent.test", 90), "");
        var shown = authority.issue("cart.test", 20);
        var address = address();
        try (var server = EchoServer.secure("cart", shown.certificate(), shown.key(), Optional.empty(), address);
                var services = start(vault)) {
            cluster.apply(gateway(vault));
            backend(server, address);
            awaitTrue("a closed way", () -> status(services, "cart.test") == 503);
            awaitTrue("the reason", () -> said().contains("NoValidCACertificate"));
            assertThat(said()).contains("InvalidCACertificateRef", shop + "/roots");

            roots(authority.certificate());
            awaitTrue("the authority", () -> status(services, "cart.test") == 200);
            awaitTrue("no complaint", () -> !said().contains("False"));
            roots(Authority.in(scratch.resolve("stranger")).certificate());
            awaitTrue("another authority", () -> status(services, "cart.test") == 503);
            roots(authority.certificate());
            awaitTrue("the authority again", () -> status(services, "cart.test") == 200);

            assertThat(https(services, "lent.test").exitCode()).isNotZero();
            cluster.apply("""
                    apiVersion: gateway.networking.k8s.io/v1beta1
                    kind: ReferenceGrant
                    metadata: {name: lend, namespace: %s}
                    spec:
                      from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: %s}]
                      to: [{group: "", kind: Secret, name: lent}]
                    """.formatted(vault, shop));
            awaitTrue("the loan", () -> https(services, "lent.test").status() == 200);
            cluster.delete("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", vault, "lend");
            awaitTrue("the end of the loan", () -> https(services, "lent.test").exitCode() != 0);
        }
    }
}
