package io.sallyport.cli.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.cli.FakeTerminal;
import io.sallyport.cli.server.FakeServer;
import io.sallyport.model.Kind;
import io.sallyport.model.read.YamlReader;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("P14")
class EgressExpandCommandTest {

    private static final String POLICY = """
            apiVersion: sallyport.io/v1alpha1
            kind: EgressPolicy
            metadata: {namespace: shop, name: pay}
            spec:
              hosts: [api.example.com]
              ports: [{number: 443, protocol: TLS}]
              gateway: {namespace: istio-system, name: istio-egressgateway}
              expires: "2027-06-30"
            """;

    private final FakeServer server = new FakeServer();
    private final FakeTerminal screen = new FakeTerminal();

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aFileIsExpandedWithoutAServer(@TempDir Path scratch) throws IOException {
        var file = Files.writeString(scratch.resolve("policy.yaml"), POLICY);

        assertThat(server.run(screen, "egress", "expand", "-f", file.toString()))
                .isEqualTo(0);

        var read = new YamlReader().read("out.yaml", screen.out().getBytes(StandardCharsets.UTF_8));
        assertThat(read.findings()).isEmpty();
        assertThat(read.objects().map(object -> object.ref().kind()))
                .containsExactlyInAnyOrder(Kind.SERVICE_ENTRY, Kind.SERVICE_ENTRY, Kind.GATEWAY, Kind.VIRTUAL_SERVICE);
    }

    @Test
    void aPolicyOfTheServerIsExpandedByItsName() {
        store();

        assertThat(server.run(screen, "egress", "expand", "shop/pay")).isEqualTo(0);

        assertThat(screen.out()).contains("kind: VirtualService\n", "- api.example.com\n");
    }

    @Test
    void whatIsWrongWithAPolicyIsSaidInstead(@TempDir Path scratch) throws IOException {
        var file = Files.writeString(scratch.resolve("policy.yaml"), POLICY.replace("api.example.com", "\"*\""));

        assertThat(server.run(screen, "egress", "expand", "-f", file.toString()))
                .isEqualTo(1);

        assertThat(screen.out() + screen.err()).contains("SP1971", "policy.yaml:5");
    }

    @Test
    void getShowsHowLongPoliciesHold() {
        store();

        assertThat(server.run(screen, "get", "egresspolicies", "-n", "shop")).isEqualTo(0);

        assertThat(screen.out()).contains("EXPIRES", "api.example.com", "2027-06-30");
    }

    private void store() {
        var ref = ResourceRef.newBuilder()
                .setKind("EgressPolicy")
                .setNamespace("shop")
                .setName("pay")
                .build();
        server.config()
                .objects()
                .put(
                        ref,
                        Resource.newBuilder()
                                .setRef(ref)
                                .setSourceText(POLICY)
                                .setRevision(1)
                                .build());
    }
}
