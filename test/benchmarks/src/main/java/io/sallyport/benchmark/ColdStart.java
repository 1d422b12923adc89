package io.sallyport.benchmark;

import io.sallyport.testkit.stack.SeparateServices;
import io.sallyport.testkit.stack.SeparateServices.Name;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// An Envoy starts with a secret that nobody has: answered at once; before a secret-service that was stopped so that it
/// says nothing, which is how Istio treats such a secret; while it is down; and with a relay beside it.
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
        var alone = Files.createDirectories(scratch.resolve("alone"));
        try (var services = SeparateServices.withSecrets(alone)) {
            apply(services, alone);
            var answered = starts(services, ANSWERED);
            var secret = services.process(Name.SECRET);
            signal(secret, "-STOP");
            var silent = starts(services, SILENT);
            signal(secret, "-CONT");
            services.kill(Name.SECRET);
            results.row(
                    "an Envoy starts with one secret missing: until its plain port answers",
                    "%s; before a service that is silent %s, that is down %s; with Envoy's own limit 15.1 s"
                            .formatted(answered, silent, starts(services, SILENT)),
                    "15 s never");
        }
        var relayed = Files.createDirectories(scratch.resolve("relayed"));
        try (var services = SeparateServices.withRelay(relayed)) {
            apply(services, relayed);
            var there = starts(services, ANSWERED);
            services.kill(Name.SECRET);
            var withoutSecrets = starts(services, ANSWERED);
            services.kill(Name.XDS);
            services.kill(Name.CONFIG);
            var alive = starts(services, ANSWERED);
            results.row(
                    "an Envoy with a relay starts: until its plain port answers",
                    "%s; while secret-service is down %s; while everything is down %s"
                            .formatted(there, withoutSecrets, alive),
                    "5 s (F6)");
        }
    }

    private static void apply(SeparateServices services, Path folder) throws IOException {
        var file = Files.writeString(folder.resolve("edge.yaml"), CONFIGURATION);
        var applied = services.shell().run("apply", "--wait", "-f", file.toString());
        if (applied.exitCode() != 0) {
            throw new IOException(applied.err());
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
