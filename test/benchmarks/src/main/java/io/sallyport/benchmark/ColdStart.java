package io.sallyport.benchmark;

import io.sallyport.testkit.stack.SeparateServices;
import io.sallyport.testkit.stack.SeparateServices.Name;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// An Envoy starts with a secret that nobody has: answered at once, and before a secret-service that was stopped so
/// that
/// it says nothing, which is how Istio treats such a secret.
final class ColdStart {

    private static final int ANSWERED = 5;
    private static final int SILENT = 2;

    private static final String CONFIGURATION = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: shop}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
              - {port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.test], tls: {mode: SIMPLE, credentialName: nowhere}}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: all, namespace: shop}
            spec: {hosts: ["*"], gateways: [edge], http: [{directResponse: {status: 200}}]}
            """;

    private final Results results;
    private final Path scratch;

    ColdStart(Results results, Path scratch) {
        this.results = results;
        this.scratch = scratch;
    }

    void run() throws IOException {
        try (var services = SeparateServices.withSecrets(scratch)) {
            var file = Files.writeString(scratch.resolve("edge.yaml"), CONFIGURATION);
            var applied = services.shell().run("apply", "--wait", "-f", file.toString());
            if (applied.exitCode() != 0) {
                throw new IOException(applied.err());
            }
            var answered = starts(services, ANSWERED);
            var secret = services.process(Name.SECRET);
            signal(secret, "-STOP");
            var silent = starts(services, SILENT);
            signal(secret, "-CONT");
            results.row(
                    "an Envoy starts with one secret missing: until its plain port answers",
                    "%s; before a service that is silent %s".formatted(answered, silent),
                    "15 s never");
        }
    }

    private static Figures starts(SeparateServices services, int count) throws IOException {
        var figures = new Figures();
        for (var n = 0; n < count; n++) {
            services.killEnvoy();
            var start = System.nanoTime();
            services.startEnvoy();
            SecretBenchmark.awaitAnswer(services.port());
            figures.add(Duration.ofNanos(System.nanoTime() - start));
        }
        return figures;
    }

    private static void signal(ProcessHandle process, String signal) throws IOException {
        var kill = new ProcessBuilder("kill", signal, String.valueOf(process.pid())).start();
        try {
            if (!kill.waitFor(10, TimeUnit.SECONDS) || kill.exitValue() != 0) {
                throw new IOException("kill " + signal + " failed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
