package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sallyport.proto.secret.v1.ListSecretsRequest;
import io.sallyport.proto.secret.v1.PutSecretRequest;
import io.sallyport.proto.secret.v1.SecretName;
import io.sallyport.proto.secret.v1.SecretServiceGrpc;
import io.sallyport.proto.secret.v1.SecretServiceGrpc.SecretServiceBlockingStub;
import io.sallyport.proto.secret.v1.SecretStatus;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.testkit.stack.SeparateServices;
import io.sallyport.testkit.stack.SeparateServices.Name;
import io.sallyport.testkit.tls.Authority;
import io.sallyport.testkit.tls.Authority.Issued;
import io.sallyport.testkit.tls.TlsClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `sallyport service secret` as a process of its own, beside config-service, xds-service and an Envoy: secrets by the
/// API, power cuts, and the search for keys where none belongs.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(480)
class SecretServiceProcessTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private Path scratch;
    private Authority authority;
    private SeparateServices services;
    private ManagedChannel channel;
    private TlsClient client;

    @BeforeAll
    void open(@TempDir Path folder) throws IOException {
        scratch = folder;
        authority = Authority.in(folder.resolve("authority"));
        services = SeparateServices.withSecrets(folder);
        channel = Channels.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), services.secretPort()));
        client = new TlsClient(authority, services.tlsPort());
        var applied = services.shell().run("apply", "--wait", "-f", configuration());
        assertThat(applied.err()).isEmpty();
    }

    @AfterAll
    void close() {
        channel.shutdownNow();
        services.close();
    }

    @Test
    @Tag("F2")
    @Tag("M15")
    void whatThePutCallAnsweredSurvivesAPowerCut() throws Exception {
        var issued = authority.issue("put.test", 20);
        assertThat(put("put", issued)).isEqualTo(SecretStatus.State.OK);
        services.kill(Name.SECRET);
        services.start(Name.SECRET);

        var listed = stub().listSecrets(ListSecretsRequest.getDefaultInstance()).getSecretsList();

        assertThat(listed)
                .filteredOn(status -> status.getName().getName().equals("put"))
                .singleElement()
                .satisfies(status -> {
                    assertThat(status.getState()).isEqualTo(SecretStatus.State.OK);
                    assertThat(status.getSource()).isEqualTo("api");
                });
        awaitOk("put.test");
    }

    @Test
    @Tag("F2")
    void loadedCertificatesServeWhileTheServiceIsDownAndRenewalsWait() throws Exception {
        put("down", authority.issue("down.test", 20));
        awaitOk("down.test");
        try (var steady = client.steady("down.test")) {
            steady.awaitAnswers(50);
            services.kill(Name.SECRET);
            steady.awaitAnswers(300);
            services.start(Name.SECRET);
            steady.awaitAnswers(50);

            put("down", authority.issue("down.test", 20));
            var renewed = authority.lastSerial();
            await().atMost(PATIENCE).until(() -> client.serial("down.test").intValueExact() == renewed);
            steady.awaitAnswers(50);
            assertThat(steady.failures()).isEmpty();
        }
    }

    @Test
    @Tag("F2")
    void anEnvoyThatStartsWhileTheServiceIsDownClosesItsTlsHostsAlone() throws Exception {
        put("cold", authority.issue("cold.test", 20));
        awaitOk("cold.test");
        services.kill(Name.SECRET);
        services.killEnvoy();
        services.startEnvoy();
        await("the plain door opens")
                .atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .until(this::isPlainServed);

        assertThat(client.ask("cold.test")).isNotEqualTo("200");

        services.start(Name.SECRET);
        awaitOk("cold.test");
    }

    // A fetch that is not answered holds up every door, until Envoy gives it up and counts it.
    @Test
    @Tag("T9")
    void anEnvoyThatStartsColdGivesUpNoFetchAlsoWhereSecretsAreMissing() throws Exception {
        put("cold", authority.issue("cold.test", 20));
        awaitOk("cold.test");
        services.killEnvoy();
        services.startEnvoyThatCountsAll();
        awaitOk("cold.test");

        var fetches = services.counters("init_fetch_timeout");
        assertThat(fetches)
                .as("of listeners, of tables, of a secret that is there and of one that nobody has")
                .anyMatch(line -> line.startsWith("listener_manager.lds."))
                .anyMatch(line -> line.contains(".rds."))
                .anyMatch(line -> line.contains("sds.kubernetes_cold."))
                .anyMatch(line -> line.contains("sds.kubernetes_nobody."));
        assertThat(fetches).allMatch(line -> line.endsWith(": 0"));
    }

    @Test
    @Tag("F6")
    void anEnvoyThatStartsWhileEverythingIsDownOpensNothingUntilItIsBack() throws Exception {
        put("all", authority.issue("all.test", 20));
        awaitOk("all.test");
        for (var name : List.of(Name.SECRET, Name.XDS, Name.CONFIG)) {
            services.kill(name);
        }
        services.killEnvoy();
        services.startEnvoy();
        await("Envoy waits for its configuration")
                .atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> services.admin("/server_info").contains("INITIALIZING"));
        assertThat(client.ask("all.test")).contains("refused");

        for (var name : List.of(Name.CONFIG, Name.SECRET, Name.XDS)) {
            services.start(name);
        }
        awaitOk("all.test");
    }

    @Test
    @Tag("V7")
    @Tag("M15")
    void noOtherServiceAndNoFileHoldsAKey() throws Exception {
        var issued = authority.issue("marked.test", 20);
        put("marked", issued);
        awaitOk("marked.test");
        services.shell().run("proxy-status");
        var key = keyBytes(issued);

        for (var name : List.of(Name.CONFIG, Name.XDS)) {
            var dump = scratch.resolve(name + ".hprof");
            heapDump(services.process(name), dump);
            assertThat(found(dump, key)).as("in the heap of %s", name).isEmpty();
            Files.delete(dump);
        }
        var own = scratch.resolve("secret.hprof");
        heapDump(services.process(Name.SECRET), own);
        assertThat(found(own, key)).as("the search finds what is there").isNotEmpty();
        Files.delete(own);

        // What went over the wire to Envoy by ADS is what Envoy shows of it; secrets come there redacted.
        var dump = Files.writeString(scratch.resolve("config_dump"), services.admin("/config_dump?include_eds"));
        assertThat(found(dump, key)).isEmpty();
        try (var files = Files.walk(scratch)) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                if (!file.startsWith(scratch.resolve("authority"))) {
                    assertThat(found(file, key)).as("in %s", file).isEmpty();
                }
            }
        }
        for (var words : List.of(
                List.of("secrets", "-o", "json", "--server", "127.0.0.1:" + services.secretPort()),
                List.of("proxy-config", "listener", SeparateServices.proxy(), "-o", "json"),
                List.of("get", "gateways", "-A", "-o", "json"))) {
            var answer = services.shell().run(words.toArray(String[]::new));
            var file = Files.writeString(scratch.resolve("answer"), answer.out() + answer.err());
            assertThat(found(file, key)).as("%s", words).isEmpty();
        }
    }

    @Test
    @Tag("F28")
    void withoutAFreeFileCertificatesAreServedOnAndNoRenewalIsTakenByHalves() throws Exception {
        services.kill(Name.SECRET);
        services.startWithOpenFiles(Name.SECRET, AllFilesInUse.LIMIT);
        // Twice: a class that is needed then for the first time would need a file itself.
        put("full", authority.issue("full.test", 20));
        put("full", authority.issue("full.test", 20));
        var last = authority.lastSerial();
        awaitSerial("full.test", last);
        try (var steady = client.steady("full.test")) {
            try (var full = AllFilesInUse.of(services, Name.SECRET, services.secretPort())) {
                var unstored = authority.issue("full.test", 20);

                assertThatThrownBy(() -> put("full", unstored))
                        .isInstanceOfSatisfying(
                                StatusRuntimeException.class,
                                e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
                steady.awaitAnswers(50);
                assertThat(full.isSo()).as("still").isTrue();
            }
            assertThat(client.serial("full.test").intValueExact()).isEqualTo(last);
            put("full", authority.issue("full.test", 20));
            awaitSerial("full.test", authority.lastSerial());
            steady.awaitAnswers(50);
            assertThat(steady.failures()).isEmpty();
        } finally {
            services.kill(Name.SECRET);
            services.start(Name.SECRET);
        }
        awaitSerial("full.test", authority.lastSerial());
    }

    private void awaitSerial(String host, int serial) {
        await("number " + serial + " for " + host)
                .atMost(Duration.ofMinutes(2))
                .ignoreExceptions()
                .until(() -> client.serial(host).intValueExact() == serial);
    }

    private String configuration() throws IOException {
        var servers = new StringBuilder();
        for (var name : List.of("put", "down", "cold", "marked", "all", "full", "nobody")) {
            servers.append("""
                      - port: {number: 443, name: https-%s, protocol: HTTPS}
                        hosts: [%s.test]
                        tls: {mode: SIMPLE, credentialName: %s}
                    """.formatted(name, name, name));
        }
        return Files.writeString(scratch.resolve("gateway.yaml"), """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: shop}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
            %s---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: all, namespace: shop}
            spec:
              hosts: ["*"]
              gateways: [edge]
              http:
              - directResponse: {status: 200, body: {string: hello}}
            """.formatted(servers))
                .toString();
    }

    private boolean isPlainServed() throws IOException {
        try (var http = new io.sallyport.testkit.net.HttpClient()) {
            return http.send(
                                    services.port(),
                                    io.sallyport.testkit.net.HttpClient.Version.HTTP_1_1,
                                    new io.sallyport.testkit.net.HttpClient.Call(
                                            "GET", "any.test", "/", java.util.Map.of(), ""))
                            .status()
                    == 200;
        }
    }

    private SecretServiceBlockingStub stub() throws IOException {
        var token = BearerToken.readOrCreate(scratch.resolve("data/token"), new SecureRandom());
        return SecretServiceGrpc.newBlockingStub(channel)
                .withInterceptors(Channels.bearing(token))
                .withWaitForReady()
                .withDeadlineAfter(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private SecretStatus.State put(String name, Issued issued) throws IOException {
        return stub().putSecret(PutSecretRequest.newBuilder()
                        .setName(SecretName.newBuilder()
                                .setNamespace("istio-system")
                                .setName(name))
                        .putData("tls.crt", ByteString.copyFrom(Files.readAllBytes(issued.certificate())))
                        .putData("tls.key", ByteString.copyFrom(Files.readAllBytes(issued.key())))
                        .build())
                .getStatus()
                .getState();
    }

    private void awaitOk(String host) {
        await(host + " answers")
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(client.ask(host)).isEqualTo("200"));
    }

    private static void heapDump(ProcessHandle process, Path file) throws IOException, InterruptedException {
        var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        var run = new ProcessBuilder(
                        jcmd.toString(), String.valueOf(process.pid()), "GC.heap_dump", "-all", file.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!run.waitFor(60, TimeUnit.SECONDS) || run.exitValue() != 0) {
            run.destroyForcibly();
            throw new IOException("no heap dump of " + process.pid());
        }
    }

    // The secret number itself, which every encoding of an elliptic key contains: plain, hexadecimal, and in base64 at
    // each of its three alignments.
    private static List<byte[]> keyBytes(Issued issued) throws IOException {
        var text = Files.readString(issued.key());
        var der = Base64.getMimeDecoder()
                .decode(text.replaceAll("-----[A-Z ]+-----", "").getBytes(StandardCharsets.US_ASCII));
        var start = indexOf(der, new byte[] {0x02, 0x01, 0x01, 0x04, 0x20}, der.length) + 5;
        var scalar = java.util.Arrays.copyOfRange(der, start, start + 32);
        var forms = new ArrayList<byte[]>();
        forms.add(scalar);
        forms.add(HexFormat.of().formatHex(scalar).getBytes(StandardCharsets.US_ASCII));
        for (var shift = 0; shift < 3; shift++) {
            var padded = new byte[shift + scalar.length];
            System.arraycopy(scalar, 0, padded, shift, scalar.length);
            var base64 = Base64.getEncoder().withoutPadding().encodeToString(padded);
            // Without what the neighbours decide.
            forms.add(base64.substring(4, base64.length() - 4).getBytes(StandardCharsets.US_ASCII));
        }
        return forms;
    }

    // Which of the forms a file contains.
    private static List<String> found(Path file, List<byte[]> forms) throws IOException {
        var found = new TreeMap<Integer, String>();
        var overlap = 256;
        var buffer = new byte[8 << 20];
        try (var in = Files.newInputStream(file)) {
            var kept = 0;
            for (var read = in.read(buffer, kept, buffer.length - kept);
                    read >= 0;
                    read = in.read(buffer, kept, buffer.length - kept)) {
                var length = kept + read;
                for (var n = 0; n < forms.size(); n++) {
                    if (indexOf(buffer, forms.get(n), length) >= 0) {
                        found.put(n, "form " + n);
                    }
                }
                kept = Math.min(overlap, length);
                System.arraycopy(buffer, length - kept, buffer, 0, kept);
            }
        }
        return List.copyOf(found.values());
    }

    // By Horspool: heaps are large, and words long enough to skip most of them.
    private static int indexOf(byte[] text, byte[] word, int length) {
        var skips = new int[256];
        java.util.Arrays.fill(skips, word.length);
        for (var n = 0; n < word.length - 1; n++) {
            skips[word[n] & 0xff] = word.length - 1 - n;
        }
        for (var at = 0; at <= length - word.length; at += skips[text[at + word.length - 1] & 0xff]) {
            if (java.util.Arrays.equals(text, at, at + word.length, word, 0, word.length)) {
                return at;
            }
        }
        return -1;
    }
}
