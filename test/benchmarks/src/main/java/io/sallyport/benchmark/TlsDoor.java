package io.sallyport.benchmark;

import static io.sallyport.benchmark.TlsBenchmark.CHANGES;
import static io.sallyport.benchmark.TlsBenchmark.LIMIT;
import static io.sallyport.benchmark.TlsBenchmark.MORE;
import static io.sallyport.benchmark.TlsBenchmark.WARM_UP;

import io.sallyport.testkit.stack.FreePorts;
import io.sallyport.testkit.stack.Sallyport;
import io.sallyport.testkit.tls.TlsClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// The part of `bench tls` that stands before the door of a real Envoy, with connections that stay open throughout.
final class TlsDoor {

    private static final int STARTS = 3;
    private static final int RENEWALS = 20;
    private static final int KEPT = 10;
    // Whoever asks without a pause takes the processor from whom he asks.
    private static final long PAUSE_NANOS = 200_000;

    private final Results results;
    private final TlsWorkload workload;
    private final Path config;
    private final Path data;
    private final int port;
    private final TlsClient client;

    TlsDoor(Results results, TlsWorkload workload, Path directory) throws IOException {
        this.results = results;
        this.workload = workload;
        this.config = directory.resolve("config");
        this.data = directory.resolve("data");
        this.port = FreePorts.take(1).getFirst();
        this.client = new TlsClient(workload.authority(), port);
    }

    void run() throws IOException {
        workload.writeTo(config, MORE);
        Files.writeString(config.resolve("sallyport.yaml"), """
                proxies:
                - name: istio-ingressgateway
                  namespace: istio-system
                  labels: {istio: ingressgateway}
                  listen: {443: %d}
                """.formatted(port));
        try (var sallyport = Sallyport.launched(config, data)) {
            TlsBenchmark.applyRoutes(sallyport, workload);
            awaitBody(workload.size() - 1, "before");
            restartEnvoy(sallyport);
            changeRoutes(sallyport);
            renew();
            addHosts(sallyport);
        }
        startCold();
    }

    private void restartEnvoy(Sallyport sallyport) throws IOException {
        var figures = new Figures();
        for (var n = 0; n < STARTS; n++) {
            var envoy = envoy(sallyport);
            envoy.destroyForcibly();
            envoy.onExit().orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join();
            var start = System.nanoTime();
            awaitBody(workload.size() - 1, "before");
            figures.add(Duration.ofNanos(System.nanoTime() - start));
        }
        results.row(
                "N = %,d HTTPS hosts, Envoy is killed: until it is started again and answers"
                        .formatted(workload.size()),
                figures.toString(),
                "493 ms by the floor, and 1 s before Envoy is started again");
    }

    private void changeRoutes(Sallyport sallyport) throws IOException {
        changedRoutes(sallyport, WARM_UP, "warm");
        var cpu = usage(sallyport).cpu();
        var figures = changedRoutes(sallyport, CHANGES, "run");
        var spent = usage(sallyport).cpu().minus(cpu).dividedBy(CHANGES);
        results.row(
                "N = %,d HTTPS hosts, 1 route changes: from `Apply` until a request through real Envoy shows it"
                        .formatted(workload.size()),
                "%s; Envoy %s CPU a change, asking included; Envoy %d MB RSS"
                        .formatted(
                                figures, Figures.millis(spent), usage(sallyport).residentMegabytes()),
                "p50 10 ms");
    }

    private Figures changedRoutes(Sallyport sallyport, int changes, String name) throws IOException {
        var figures = new Figures();
        for (var n = 0; n < changes; n++) {
            var mark = "mark-%s-%d.".formatted(name, n);
            var number = n * 7 % workload.size();
            try (var open = new KeptConnection(client, TlsWorkload.host(number))) {
                var start = System.nanoTime();
                TlsBenchmark.apply(sallyport, TlsBenchmark.virtualService(number, mark));
                while (!open.ask("/probe").equals(mark)) {
                    if (System.nanoTime() - start > LIMIT.toNanos()) {
                        throw new IOException("\"" + mark + "\" was not seen within " + LIMIT);
                    }
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
                figures.add(Duration.ofNanos(System.nanoTime() - start));
            }
        }
        return figures;
    }

    private void renew() throws IOException {
        var figures = new Figures();
        for (var n = 0; n < RENEWALS; n++) {
            var number = n * 7 % workload.size();
            var start = System.nanoTime();
            var serial = workload.renew(config, number);
            while (client.serial(TlsWorkload.host(number)).intValueExact() != serial) {
                if (System.nanoTime() - start > LIMIT.toNanos()) {
                    throw new IOException("serial " + serial + " was not shown within " + LIMIT);
                }
            }
            figures.add(Duration.ofNanos(System.nanoTime() - start));
        }
        results.row(
                "N = %,d HTTPS hosts, 1 certificate renewed: from the file to the first handshake that shows it"
                        .formatted(workload.size()),
                figures.toString(),
                "1 s");
    }

    private void addHosts(Sallyport sallyport) throws IOException {
        var figures = new Figures();
        var kept = new ArrayList<KeptConnection>();
        for (var n = 0; n < KEPT; n++) {
            kept.add(new KeptConnection(client, TlsWorkload.host(n)));
        }
        var cpu = usage(sallyport).cpu();
        for (var n = workload.size(); n < workload.size() + MORE; n++) {
            var start = System.nanoTime();
            TlsBenchmark.apply(sallyport, TlsBenchmark.gateway(n), TlsBenchmark.virtualService(n, "new"));
            awaitBody(n, "new");
            figures.add(Duration.ofNanos(System.nanoTime() - start));
        }
        var spent = usage(sallyport).cpu().minus(cpu).dividedBy(MORE);
        results.row(
                "N = %,d HTTPS hosts, 1 host is added: from `Apply` until its first answer".formatted(workload.size()),
                "%s; Envoy %s CPU a host; %d of %d open connections still answer"
                        .formatted(figures, Figures.millis(spent), alive(kept), KEPT),
                "165 ms, Envoy 172 ms CPU (a filter chain and a table each, `envoy-floor.md` section 4); all answer");
    }

    private static long alive(List<KeptConnection> kept) {
        var alive = 0;
        for (var connection : kept) {
            try (connection) {
                connection.ask("/probe");
                alive++;
            } catch (IOException closed) {
                // Counted by its absence.
            }
        }
        return alive;
    }

    // Everything is down, and everything starts from what is on disk.
    private void startCold() throws IOException {
        var ready = new Figures();
        var answered = new Figures();
        for (var n = 0; n < STARTS; n++) {
            var start = System.nanoTime();
            var sallyport = Sallyport.launched(config, data);
            try {
                ready.add(Duration.ofNanos(System.nanoTime() - start));
                awaitBody(workload.size() + MORE - 1, "new");
                answered.add(Duration.ofNanos(System.nanoTime() - start));
            } finally {
                sallyport.close();
            }
        }
        results.row(
                "N = %,d HTTPS hosts, `up` and Envoy start cold: until the last host answers"
                        .formatted(workload.size()),
                "%s; `ready` %s".formatted(answered, ready),
                "");
    }

    private void awaitBody(int number, String mark) throws IOException {
        var host = TlsWorkload.host(number);
        var start = System.nanoTime();
        while (System.nanoTime() - start < LIMIT.toNanos()) {
            try (var connection = new KeptConnection(client, host)) {
                if (connection.ask("/probe").equals(mark)) {
                    return;
                }
            } catch (IOException notYet) {
                // The host has no chain or no certificate yet.
            }
            LockSupport.parkNanos(1_000_000);
        }
        throw new IOException(host + " does not answer \"" + mark + "\" within " + LIMIT);
    }

    private static ProcessHandle envoy(Sallyport sallyport) {
        return sallyport
                .process()
                .descendants()
                .filter(child -> child.info().command().orElse("").endsWith("envoy"))
                .findFirst()
                .orElseThrow();
    }

    private static ProcessUsage usage(Sallyport sallyport) {
        return new ProcessUsage(envoy(sallyport).pid());
    }
}
