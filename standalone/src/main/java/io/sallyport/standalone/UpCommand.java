package io.sallyport.standalone;

import io.sallyport.accesslog.queue.KeptBroker;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.DataDirectory;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Terminal;
import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.Logs;
import io.sallyport.runtime.Settings;
import io.sallyport.runtime.SettingsException;
import io.sallyport.standalone.demo.DemoBackends;
import io.sallyport.standalone.envoy.EnvoyBinary;
import io.sallyport.standalone.envoy.EnvoyUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sallyport up`: everything on one machine, from a directory of YAML, until Ctrl-C.
@Command(
        name = "up",
        description = "Runs everything on this machine from a directory of YAML, and applies its changes at once.")
final class UpCommand implements Callable<Integer> {

    private final Terminal terminal;

    @Parameters(
            arity = "0..1",
            paramLabel = "DIR",
            description = "The configuration. Default: examples/quickstart, with demo backends.")
    private @Nullable Path directory;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Where state is kept. Default: $$SALLYPORT_DATA, else .sallyport in the current folder.")
    private @Nullable Path data;

    @Option(names = "--xds-port", defaultValue = "15010", description = "For Envoys. 0: any. Default: 15010.")
    private int xdsPort;

    @Option(names = "--api-port", defaultValue = "15016", description = "For the gRPC API. 0: any. Default: 15016.")
    private int apiPort;

    @Option(names = "--http-port", defaultValue = "15080", description = "For HTTP. 0: any. Default: 15080.")
    private int httpPort;

    @Option(names = "--no-envoy", description = "Runs the control plane only.")
    private boolean withoutEnvoy;

    @Option(
            names = "--logs",
            paramLabel = "FILE",
            description =
                    "Settings of access logs, YAML: sampling, privacy, kafka, clickhouse. Default: all rows, our own"
                            + " Kafka, DuckDB.")
    private @Nullable Path logs;

    UpCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws CommandFailedException, InterruptedException {
        Logs.bridge();
        Logs.quiet();
        var lifecycle = new Lifecycle().stopOnSignal();
        try {
            var isQuickstart = directory == null;
            var configuration = isQuickstart ? quickstart() : directory;
            if (configuration == null || !Files.isDirectory(configuration)) {
                throw CommandFailedException.unable(
                        "\"" + configuration + "\" is not a directory (expected: a directory of YAML)");
            }
            var envoy = withoutEnvoy ? Optional.<EnvoyBinary>empty() : Optional.of(EnvoyBinary.find(System.getenv()));
            var choices = logs == null
                    ? ServiceSettings.LogChoices.NONE
                    : Settings.read(logs, ServiceSettings.LogChoices.class);
            if (choices.kafka() == null) {
                // The end and the return of a broker of ours are told once, each of its clients would warn of them too.
                Logs.quiet(KeptBroker.class.getName(), Level.INFO);
                Logs.quiet("org.apache.kafka.clients.NetworkClient", Level.ERROR);
            }
            var folder = lifecycle.started(
                    "data folder",
                    DataFolder.open(DataDirectory.of(data, System.getenv()).root()));
            if (isQuickstart) {
                lifecycle.started("demo backends", DemoBackends.start(DemoBackends.QUICKSTART));
            }
            var ports = new AllInOne.Ports(xdsPort, apiPort, httpPort);
            var all = AllInOne.start(lifecycle, configuration, folder, ports, envoy, choices, terminal);
            all.announce(isQuickstart);
            new CountDownLatch(1).await();
            return ExitCode.OK;
        } catch (EnvoyUnavailableException | FolderInUseException | SettingsException | IllegalArgumentException e) {
            lifecycle.close();
            throw CommandFailedException.unable(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            lifecycle.close();
            throw CommandFailedException.unable(String.valueOf(e.getMessage()));
        }
    }

    private static Path quickstart() {
        return Path.of(System.getenv().getOrDefault("SALLYPORT_HOME", "."), "examples", "quickstart");
    }
}
