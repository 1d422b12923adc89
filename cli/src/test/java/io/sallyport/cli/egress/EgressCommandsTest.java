package io.sallyport.cli.egress;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import io.sallyport.cli.FakeTerminal;
import io.sallyport.cli.server.FakeServer;
import io.sallyport.proto.config.v1.Location;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.egress.v1.AuditRequest;
import io.sallyport.proto.egress.v1.AuditResponse;
import io.sallyport.proto.egress.v1.Cell;
import io.sallyport.proto.egress.v1.Client;
import io.sallyport.proto.egress.v1.Contradiction;
import io.sallyport.proto.egress.v1.CoverageRequest;
import io.sallyport.proto.egress.v1.CoverageResponse;
import io.sallyport.proto.egress.v1.Door;
import io.sallyport.proto.egress.v1.EvaluateRequest;
import io.sallyport.proto.egress.v1.EvaluateResponse;
import io.sallyport.proto.egress.v1.ExternalPort;
import io.sallyport.proto.egress.v1.ExternalService;
import io.sallyport.proto.egress.v1.ListExternalServicesRequest;
import io.sallyport.proto.egress.v1.ListExternalServicesResponse;
import io.sallyport.proto.egress.v1.LockdownRequest;
import io.sallyport.proto.egress.v1.LockdownResponse;
import io.sallyport.proto.egress.v1.Protocol;
import io.sallyport.proto.egress.v1.Reason;
import io.sallyport.proto.egress.v1.Seen;
import io.sallyport.proto.egress.v1.SuggestRequest;
import io.sallyport.proto.egress.v1.SuggestResponse;
import io.sallyport.proto.egress.v1.Symptom;
import io.sallyport.proto.egress.v1.Verdict;
import io.sallyport.proto.egress.v1.Way;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EgressCommandsTest {

    private static final Client SLEEP =
            Client.newBuilder().setNamespace("default").setName("sleep").build();
    private static final Verdict THROUGH = Verdict.newBuilder()
            .setWay(Way.GATEWAY)
            .setGateway("istio-system/istio-egressgateway")
            .setReason(reason("VirtualService shop/google spec.http[0] sends it there", 12))
            .setOnward(reason("VirtualService shop/google spec.http[1] sends it on", 15))
            .build();
    private static final Verdict BY_DEFAULT = Verdict.newBuilder()
            .setWay(Way.DIRECT)
            .setReason(Reason.newBuilder().setText("outboundTrafficPolicy is ALLOW_ANY"))
            .setByDefault(true)
            .build();
    private static final Verdict BLOCKED = Verdict.newBuilder()
            .setWay(Way.BLOCKED)
            .setReason(reason("outboundTrafficPolicy is REGISTRY_ONLY", 3))
            .setSymptom(Symptom.newBuilder().setStatus(502).setText("502 Bad Gateway, without a body"))
            .addNearest(Reason.newBuilder().setText("ServiceEntry shop/google has port 443"))
            .build();

    private final FakeServer server = new FakeServer();
    private final FakeTerminal screen = new FakeTerminal();

    @AfterEach
    void stop() {
        server.close();
    }

    private static Reason reason(String text, int line) {
        return Reason.newBuilder()
                .setText(text)
                .setLocation(Location.newBuilder().setFile("egress.yaml").setLine(line))
                .build();
    }

    @Test
    void checkSaysWhatBlocksAndWhatTheClientSees() {
        server.egress().answer(EvaluateResponse.newBuilder().setVerdict(BLOCKED).build());

        int code = server.run(screen, "egress", "check", "--from", "default/app=sleep", "http://google.com");

        assertThat(code).isEqualTo(1);
        assertThat(screen.out()).isEqualTo("""
                blocked: outboundTrafficPolicy is REGISTRY_ONLY (egress.yaml:3)
                  the client sees: 502 Bad Gateway, without a body
                  ServiceEntry shop/google has port 443
                """);
        assertThat(server.egress().asked())
                .isEqualTo(EvaluateRequest.newBuilder()
                        .setClient(Client.newBuilder().setNamespace("default").putLabels("app", "sleep"))
                        .setHost("google.com")
                        .setPort(80)
                        .setProtocol(Protocol.HTTP)
                        .build());
    }

    @Test
    void checkNamesTheGatewayAndWhatItGoesBy() {
        server.egress().answer(EvaluateResponse.newBuilder().setVerdict(THROUGH).build());

        int code =
                server.run(screen, "egress", "check", "--from", "default/sleep", "--by", "proxy", "https://google.com");

        assertThat(code).isZero();
        assertThat(screen.out()).isEqualTo("""
                through gateway istio-system/istio-egressgateway: VirtualService shop/google spec.http[0] sends it there (egress.yaml:12)
                  there VirtualService shop/google spec.http[1] sends it on (egress.yaml:15)
                """);
        assertThat(server.egress().asked())
                .isEqualTo(EvaluateRequest.newBuilder()
                        .setClient(SLEEP)
                        .setHost("google.com")
                        .setPort(443)
                        .setProtocol(Protocol.TLS)
                        .setDoor(Door.HTTP_PROXY)
                        .build());
    }

    @Test
    void listShowsHostsAndWhoSeesThem() {
        server.egress()
                .answer(ListExternalServicesResponse.newBuilder()
                        .addServices(ExternalService.newBuilder()
                                .setHost("www.google.com")
                                .addPorts(
                                        ExternalPort.newBuilder().setNumber(80).setProtocol("HTTP"))
                                .addPorts(
                                        ExternalPort.newBuilder().setNumber(443).setProtocol("TLS"))
                                .setResolution("DNS")
                                .addVisibleTo("*")
                                .setLocation(Location.newBuilder()
                                        .setFile("egress.yaml")
                                        .setLine(7)
                                        .setRef(ResourceRef.newBuilder()
                                                .setKind("ServiceEntry")
                                                .setNamespace("istio-system")
                                                .setName("google"))))
                        .build());

        assertThat(server.run(screen, "egress", "list", "-n", "shop")).isZero();

        assertThat(screen.out().lines().toList())
                .hasSize(2)
                .satisfiesExactly(
                        head -> assertThat(head)
                                .containsSubsequence("HOST", "PORTS", "RESOLUTION", "SEEN BY", "OBJECT"),
                        row -> assertThat(row)
                                .containsSubsequence(
                                        "www.google.com", "80", "HTTP", "443", "TLS", "DNS", "*", "google"));
        assertThat(server.egress().asked())
                .isEqualTo(ListExternalServicesRequest.newBuilder()
                        .setNamespace("shop")
                        .build());
    }

    @Test
    void listOfNothingSaysWhatWouldBeListed() {
        assertThat(server.run(screen, "egress", "list")).isZero();

        assertThat(screen.out()).isEmpty();
        assertThat(screen.err()).contains("(expected: a ServiceEntry with location MESH_EXTERNAL, or an EgressPolicy)");
    }

    @Test
    @Tag("B7")
    void coverageIsATableAndContradictionsAreExitCodeOne() {
        var leak = Contradiction.newBuilder()
                .setKind(Contradiction.Kind.LEAK)
                .setText("google.com:443 leaves directly, and gateway istio-egressgateway carries google.com")
                .addReasons(reason("Gateway shop/istio-egressgateway spec.servers[1] has the host", 20))
                .build();
        server.egress()
                .answer(CoverageResponse.newBuilder()
                        .addCells(cell(80, Protocol.HTTP, THROUGH))
                        .addCells(
                                cell(443, Protocol.TLS, BY_DEFAULT).toBuilder().addContradictions(leak))
                        .addCells(cell(8080, Protocol.HTTP, BLOCKED))
                        .build());

        assertThat(server.run(screen, "egress", "coverage", "-n", "default")).isEqualTo(1);

        assertThat(screen.out()).isEqualTo("""
                CLIENT          BY           PLACE                    WAY                                        CONTRADICTION
                default/sleep   HTTP_PROXY   http://google.com:80     through istio-system/istio-egressgateway   -
                default/sleep   HTTP_PROXY   tls://google.com:443     direct, by default                         leak
                default/sleep   HTTP_PROXY   http://google.com:8080   blocked: 502                               -
                leak  default/sleep: google.com:443 leaves directly, and gateway istio-egressgateway carries google.com
                  Gateway shop/istio-egressgateway spec.servers[1] has the host (egress.yaml:20)
                """);
        assertThat(server.egress().asked())
                .isEqualTo(CoverageRequest.newBuilder().setNamespace("default").build());
    }

    private static Cell cell(int port, Protocol protocol, Verdict verdict) {
        return Cell.newBuilder()
                .setClient(SLEEP)
                .setDoor(Door.HTTP_PROXY)
                .setHost("google.com")
                .setPort(port)
                .setProtocol(protocol)
                .setVerdict(verdict)
                .build();
    }

    @Test
    @Tag("B7")
    void coverageWithoutContradictionsIsExitCodeZero() {
        server.egress()
                .answer(CoverageResponse.newBuilder()
                        .addCells(cell(80, Protocol.HTTP, THROUGH))
                        .build());

        assertThat(server.run(screen, "egress", "coverage", "-o", "json")).isZero();
        assertThat(screen.out()).contains("\"way\": \"GATEWAY\"");
    }

    @Test
    void auditCountsWhatWasSeenAndJudgesItByToday() {
        server.egress()
                .answer(AuditResponse.newBuilder()
                        .addSeen(Seen.newBuilder()
                                .setClient(SLEEP)
                                .setHost("google.com")
                                .setPort(443)
                                .setProtocol(Protocol.TLS)
                                .setCount(12)
                                .setBlocked(3)
                                .setLast(Timestamp.newBuilder().setSeconds(1_767_323_045L))
                                .setVerdict(BY_DEFAULT))
                        .setGap("rows of 10 minutes are missing")
                        .build());

        assertThat(server.run(screen, "egress", "audit", "--since", "24h", "-n", "default"))
                .isZero();

        assertThat(screen.out().lines().toList())
                .hasSize(2)
                .satisfiesExactly(
                        head -> assertThat(head)
                                .containsSubsequence("CLIENT", "PLACE", "SEEN", "BLOCKED", "LAST", "TODAY"),
                        row -> assertThat(row)
                                .containsSubsequence(
                                        "default/sleep",
                                        "tls://google.com:443",
                                        "12",
                                        "3",
                                        "direct, by default; REGISTRY_ONLY would block it"));
        assertThat(screen.err()).contains("rows of 10 minutes are missing");
        var asked = (AuditRequest) server.egress().asked();
        assertThat(asked.getNamespace()).isEqualTo("default");
        assertThat(asked.getFrom().getSeconds())
                .isEqualTo(screen.terminal().clock().instant().getEpochSecond() - 24 * 3_600);
    }

    @Test
    @Tag("B6")
    void suggestPrintsDocumentsForAFileAndChangesNothing() {
        server.egress().answer(suggestion());

        assertThat(server.run(screen, "egress", "suggest")).isZero();

        assertThat(screen.out()).isEqualTo("kind: ServiceEntry\n---\nkind: Sidecar\n");
        assertThat(server.config().objects()).isEmpty();
    }

    @Test
    @Tag("B6")
    void suggestAppliesWhatIsAcceptedInOneRevision() {
        server.egress().answer(suggestion());

        assertThat(server.run(screen, "egress", "suggest", "--accept")).isZero();

        assertThat(screen.out()).isEqualTo("r1 accepted: ServiceEntry default/google, Sidecar default/egress\n");
        assertThat(server.config().history()).hasSize(1);
    }

    @Test
    @Tag("B6")
    void suggestAppliesNothingWhenTheConfigurationHasMovedOn() {
        server.egress().answer(suggestion().toBuilder().setRevision(7).build());

        assertThat(server.run(screen, "egress", "suggest", "--accept")).isNotZero();

        assertThat(screen.err()).contains("expected revision 7, but the newest is 0");
        assertThat(server.config().objects()).isEmpty();
    }

    @Test
    @Tag("B6")
    void suggestIsExitCodeOneWhereNotAllCouldBeCovered() {
        server.egress()
                .answer(suggestion().toBuilder()
                        .addRemarks("10.0.0.1:22 has no name")
                        .build());

        assertThat(server.run(screen, "egress", "suggest", "--accept")).isEqualTo(1);
        assertThat(screen.err()).contains("10.0.0.1:22 has no name");
    }

    @Test
    @Tag("B6")
    void suggestTakesPlacesInsteadOfWhatWasSeen() {
        server.run(
                screen,
                "egress",
                "suggest",
                "--from",
                "default/app=sleep,version=v1",
                "--entries-only",
                "https://google.com",
                "tcp://[2001:db8::1]:5432");

        var asked = (SuggestRequest) server.egress().asked();
        assertThat(asked.getEntriesOnly()).isTrue();
        assertThat(asked.getDestinationsList())
                .extracting(each -> each.getProtocol() + " " + each.getHost() + " " + each.getPort())
                .containsExactly("TLS google.com 443", "TCP 2001:db8::1 5432");
        assertThat(asked.getDestinations(0).getClient().getLabelsMap())
                .containsEntry("app", "sleep")
                .containsEntry("version", "v1");
        assertThat(screen.err()).contains("nothing to add");
    }

    private static SuggestResponse suggestion() {
        return SuggestResponse.newBuilder()
                .addResources(resource("ServiceEntry", "google"))
                .addResources(resource("Sidecar", "egress"))
                .build();
    }

    private static Resource resource(String kind, String name) {
        return Resource.newBuilder()
                .setRef(ResourceRef.newBuilder()
                        .setKind(kind)
                        .setNamespace("default")
                        .setName(name))
                .setSourceText("kind: " + kind + "\n")
                .build();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            egress check http://a.test                                | --from
            egress check --from default/sleep                         | URL
            egress check --from /sleep http://a.test                  | (expected: NAMESPACE, NAMESPACE/NAME or NAMESPACE/LABEL=VALUE,LABEL=VALUE)
            egress check --from default/=x http://a.test              | label "=x" of client "default/=x" (expected: NAMESPACE
            egress check --from default a.test                        | "a.test" (expected: http://HOST[:PORT], https://HOST[:PORT], tls://HOST:PORT or tcp://HOST:PORT)
            egress check --from default ftp://a.test                  | "ftp://a.test" (expected: http://HOST
            egress check --from default tcp://a.test                  | "tcp://a.test" (expected: http://HOST
            egress check --from default http://a.test:70000           | "http://a.test:70000" (expected: http://HOST
            egress check --from default --by air http://a.test        | [REDIRECTED, PROXY, PORT]
            egress list extra                                         | extra
            egress list -o yaml                                       | TEXT
            egress coverage -o table                                  | TEXT
            egress coverage --since 1h                                | --since
            egress audit --since yesterday                            | yesterday
            egress audit -o                                           | text|json
            egress suggest http://a.test                              | URLs need --from (expected: --from default/app=sleep)
            egress suggest --from default gopher://a.test             | "gopher://a.test" (expected: http://HOST
            egress suggest --since soon                               | soon
            egress advise                                             | advise
            """)
    void aWrongCommandLineIsExitCodeTwoAndNamesWhatWasExpected(String line, String named) {
        int code = server.run(screen, line.split(" ", -1));

        assertThat(code).as(screen.err()).isEqualTo(2);
        assertThat(screen.err()).contains(named);
        assertThat(server.egress().asked()).isEqualTo("nothing");
    }

    @Test
    @Tag("P15")
    void lockdownPrintsThePoliciesOfTheNamespacesAsTheyCome() {
        server.egress()
                .answer(LockdownResponse.newBuilder()
                        .setText("kind: NetworkPolicy\n")
                        .build());

        int code = server.run(screen, "egress", "lockdown", "-o", "networkpolicy", "-n", "shop", "-n", "pay");

        assertThat(code).as(screen.err()).isZero();
        assertThat(screen.out()).isEqualTo("kind: NetworkPolicy\n");
        assertThat(server.egress().asked())
                .isEqualTo(LockdownRequest.newBuilder()
                        .setForm(LockdownRequest.Form.NETWORK_POLICY)
                        .addNamespaces("shop")
                        .addNamespaces("pay")
                        .setProxyUser(1337)
                        .build());
    }

    @Test
    @Tag("P15")
    void lockdownOfAMachineSaysWhoMayLeave() {
        server.egress()
                .answer(LockdownResponse.newBuilder().setText("table inet x\n").build());

        int code = server.run(
                screen,
                "egress",
                "lockdown",
                "-o",
                "nftables",
                "--proxy-user",
                "101",
                "--other-user",
                "998",
                "--dns",
                "192.0.2.53");

        assertThat(code).as(screen.err()).isZero();
        assertThat(screen.out()).isEqualTo("table inet x\n");
        assertThat(server.egress().asked())
                .isEqualTo(LockdownRequest.newBuilder()
                        .setForm(LockdownRequest.Form.NFTABLES)
                        .setProxyUser(101)
                        .addOtherUsers(998)
                        .addNameServers("192.0.2.53")
                        .build());
    }

    @Test
    void lockdownAsksForOneOfItsTwoForms() {
        assertThat(server.run(screen, "egress", "lockdown")).isEqualTo(2);
        assertThat(screen.err()).contains("--output");
        assertThat(server.run(screen, "egress", "lockdown", "-o", "iptables")).isEqualTo(2);
        assertThat(screen.err()).contains("iptables");
    }
}
