package io.sallyport.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.standalone.envoy.TestEnvoy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `sallyport up` as its users meet it: a process, a directory, and a gateway that answers.
@Tag("process")
class UpTest {

    private static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: istio-system}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
            """;

    private static final String ROUTE = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: shop, namespace: shop}
            spec:
              hosts: ["*"]
              gateways: [istio-system/edge]
              http:
              - directResponse: {status: 200, body: {string: "%s"}}
            """;

    @TempDir
    Path folder;

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private Path directory;
    private Path data;
    private int port;

    @BeforeEach
    void prepare() throws IOException {
        directory = Files.createDirectories(folder.resolve("config"));
        data = folder.resolve("data");
        port = freePort();
        write("gateway.yaml", GATEWAY);
        write("shop.yaml", ROUTE.formatted("one"));
        write("sallyport.yaml", proxies(port));
    }

    @Test
    @Tag("F1")
    @Tag("V24")
    void envoysOutliveAKilledUpAndAreAdoptedByTheNext() throws Exception {
        long envoy;
        try (var first = UpProcess.start(directory, data)) {
            first.awaitReady();
            assertThat(ask(port)).isEqualTo("one");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
                    .isEqualTo("rwx------");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve("token"))))
                    .isEqualTo("rw-------");
            try (var second = UpProcess.start(directory, data)) {
                var told = second.rest();
                assertThat(second.awaitEnd()).isEqualTo(2);
                assertThat(told.lines()).hasSize(1);
                assertThat(told).contains("in use by process " + first.pid());
            }
            envoy = envoyPid();
            first.kill();
            first.awaitEnd();
        }
        assertThat(ask(port)).isEqualTo("one");

        try (var next = UpProcess.start(directory, data)) {
            next.awaitReady();
            assertThat(envoyPid()).isEqualTo(envoy);
            assertThat(ask(port)).isEqualTo("one");
            next.terminate();
            next.awaitEnd();
        }
        assertThat(ProcessHandle.of(envoy).filter(ProcessHandle::isAlive)).isEmpty();
    }

    @Test
    @Tag("S73")
    void changesGoLiveAndRefusalsSayWhereAndWhatStays() throws Exception {
        try (var up = UpProcess.start(directory, data)) {
            up.awaitReady();

            write("shop.yaml", ROUTE.formatted("two"));
            assertThat(up.await(line -> line.startsWith("r2")))
                    .contains("shop.yaml changed: VirtualService shop/shop")
                    .contains("live on 1 of 1");
            assertThat(ask(port)).isEqualTo("two");

            write("shop.yaml", ROUTE.formatted("three").replace("hosts:", "hotsts:"));
            up.await(line -> line.startsWith("shop.yaml changed: "));
            assertThat(up.await(line -> line.contains("SP1")))
                    .contains("VirtualService shop/shop")
                    .contains("shop.yaml:5");
            up.await(line -> line.equals("    VirtualService shop/shop keeps its version of r2."));
            assertThat(ask(port)).isEqualTo("two");

            write("shop.yaml", ROUTE.formatted("three") + "foo: [\n");
            up.await(line -> line.equals("shop.yaml changed: 1 error"));
            assertThat(up.await(line -> line.contains("SP1040"))).contains("shop.yaml:");
            up.await(line -> line.equals("    What shop.yaml held before stays in force."));
            assertThat(ask(port)).isEqualTo("two");

            write("other.yaml", ROUTE.formatted("four").replace("VirtualService", "VirtualServic"));
            assertThat(up.await(line -> line.contains("SP1022"))).contains("other.yaml:");

            var other = freePort();
            write("sallyport.yaml", proxies(other));
            up.await(line -> line.startsWith("r3") && line.contains("live on 1 of 1"));
            assertThat(ask(other)).isEqualTo("two");

            write("shop.yaml", ROUTE.formatted("five").replace("/edge]", "/edgy]"));
            up.await(line -> line.equals("1 error in what is in force"));
            assertThat(up.await(line -> line.contains("SP2101"))).contains("VirtualService shop/shop", "shop.yaml:6");
        }
    }

    @Test
    @Tag("F1")
    void aKilledEnvoyIsBackWithTheSameConfiguration() throws Exception {
        try (var up = UpProcess.start(directory, data)) {
            up.awaitReady();
            var first = envoyPid();
            var names = Files.readString(data.resolve("names.port")).strip();
            assertThat(Files.readString(data.resolve("proxies/istio-system/istio-ingressgateway/bootstrap.json")))
                    .as("looks names up at the relay (decision 26)")
                    .containsPattern("\"port_value\":\\s*" + names);
            ProcessHandle.of(first).orElseThrow().destroyForcibly();
            await().atMost(Duration.ofSeconds(30))
                    .ignoreExceptions()
                    .until(() -> envoyPid() != first && ask(port).equals("one"));
        }
    }

    @Test
    @Tag("S73")
    void aDeletedDocumentIsToldWithItsFile() throws Exception {
        var other = ROUTE.formatted("two").replace("shop, namespace", "other, namespace");
        write("shop.yaml", ROUTE.formatted("one") + "---\n" + other.replace("\"*\"", "other.test"));
        try (var up = UpProcess.start(directory, data)) {
            up.awaitReady();
            write("shop.yaml", ROUTE.formatted("one"));
            assertThat(up.await(line -> line.startsWith("r2")))
                    .startsWith("r2  shop.yaml changed: VirtualService shop/other deleted");
        }
    }

    @Test
    void aBrokerThatEndsAndIsBackAreTwoLines() throws Exception {
        write("sallyport.yaml", "mesh: {enableEnvoyAccessLogService: true}\n" + proxies(port));
        try (var up = UpProcess.start(directory, data)) {
            up.awaitReady();
            assertThat(ask(port)).isEqualTo("one");
            await().atMost(Duration.ofMinutes(2)).until(this::isRowStored);

            ProcessHandle.of(up.pid())
                    .orElseThrow()
                    .children()
                    .filter(child -> child.info().commandLine().orElse("").contains("io.sallyport.broker.Main"))
                    .findFirst()
                    .orElseThrow()
                    .destroyForcibly();

            assertThat(up.await(line -> line.contains("Kafka")))
                    .contains("KeptBroker - Kafka has ended and is started again, rows wait in the spool");
            assertThat(up.await(line -> line.contains(" - "))).contains("KeptBroker - Kafka answers again");
        }
    }

    @Test
    @Tag("S73")
    void mistakesAreToldWhileAnEnvoyIsNotReady() throws Exception {
        var silent = Files.writeString(folder.resolve("envoy"), """
                #!/bin/sh
                [ "$1" = --version ] && exec '%s' --version
                exec sleep 600
                """.formatted(TestEnvoy.path()));
        Files.setPosixFilePermissions(silent, PosixFilePermissions.fromString("rwx------"));
        try (var up = UpProcess.start(directory, data, silent)) {
            up.await(line -> line.startsWith("  api "));
            write("shop.yaml", ROUTE.formatted("two").replace("hosts:", "hotsts:"));
            assertThat(up.await(line -> line.contains("SP1001"))).contains("VirtualService shop/shop", "shop.yaml:5");
        }
    }

    @Test
    @Tag("S73")
    void sidecarsAreDoorsOfTheirOwnAndNoTwoShareAPort() throws Exception {
        var sleep = "proxies:\n- {name: sleep, kind: sidecar, listen: {http-proxy: %d}}\n".formatted(port);
        write("sallyport.yaml", sleep);
        try (var up = UpProcess.start(directory, data)) {
            assertThat(up.await(line -> line.startsWith("  sidecar  default/sleep")))
                    .endsWith("http://localhost:" + port);
            up.awaitReady();

            write(
                    "sallyport.yaml",
                    sleep + "- {name: cart, kind: sidecar, listen: {http-proxy: %d}}\n".formatted(port));
            assertThat(up.await(line -> line.contains("SP1028"))).contains("sallyport.yaml:3");
            up.await(line -> line.contains("proxy \"default/cart\" is taken by proxy \"default/sleep\""));
        }
    }

    private boolean isRowStored() throws Exception {
        try (var logs = UpProcess.run("logs", "-o", "csv", "--data", data.toString())) {
            return logs.rest().contains(",200,");
        }
    }

    private long envoyPid() throws IOException {
        var mark = data.resolve("proxies/istio-system/istio-ingressgateway/process");
        return Long.parseLong(Files.readString(mark).split(" ")[0]);
    }

    private String ask(int gateway) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://localhost:" + gateway + "/"))
                .timeout(Duration.ofSeconds(5))
                .build();
        return client.send(request, BodyHandlers.ofString()).body();
    }

    private static String proxies(int local) {
        return """
                proxies:
                - name: istio-ingressgateway
                  namespace: istio-system
                  labels: {istio: ingressgateway}
                  listen: {80: %d}
                """.formatted(local);
    }

    // As editors do: whole files, put in place by a rename.
    private void write(String name, String text) throws IOException {
        var fresh = Files.writeString(directory.resolve("." + name + ".tmp"), text);
        Files.move(fresh, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
