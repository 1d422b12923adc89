package io.sallyport.config;

import io.grpc.BindableService;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.Inspections;
import io.sallyport.config.api.ConfigGrpcService;
import io.sallyport.config.api.Refusals;
import io.sallyport.config.api.Wire;
import io.sallyport.config.kubernetes.KubernetesPart;
import io.sallyport.config.source.DirectoryListener;
import io.sallyport.config.source.DirectorySource;
import io.sallyport.config.store.DocumentReader;
import io.sallyport.config.store.RevisionListener;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.config.store.StoreUnavailableException;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Severity;
import io.sallyport.model.SourceDocument;
import io.sallyport.runtime.telemetry.Telemetry;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A running config-service, ready to be put behind a gRPC server:
///
/// ```java
/// var config = ConfigServer.start(ConfigSettings.local(data, directory), listener, InstantSource.system());
/// GrpcServer.inProcess("config").serve(config.services()).start("config");
/// config.awaitFirstLook();
/// ```
public final class ConfigServer implements AutoCloseable {

    private final RevisionLog log;
    private final @Nullable DirectorySource directory;
    private final @Nullable KubernetesPart kubernetes;
    private final ConfigGrpcService service;

    private ConfigServer(
            RevisionLog log,
            @Nullable DirectorySource directory,
            @Nullable KubernetesPart kubernetes,
            ConfigGrpcService service) {
        this.log = log;
        this.directory = directory;
        this.kubernetes = kubernetes;
        this.service = service;
    }

    /// Opens the log and starts the directory source, if there is one. `listener` hears what becomes of each change of
    /// the directory.
    public static ConfigServer start(ConfigSettings settings, DirectoryListener listener, InstantSource clock)
            throws StoreUnavailableException, IOException {
        return start(settings, listener, new Inspections(), clock, Telemetry.none());
    }

    /// The same, sharing what it finds in single objects with the other services of this process.
    public static ConfigServer start(
            ConfigSettings settings,
            DirectoryListener listener,
            Inspections inspections,
            InstantSource clock,
            Telemetry telemetry)
            throws StoreUnavailableException, IOException {
        return start(settings, listener, new YamlDocuments(inspections), clock, telemetry);
    }

    static ConfigServer start(
            ConfigSettings settings,
            DirectoryListener listener,
            DocumentReader reader,
            InstantSource clock,
            Telemetry telemetry)
            throws StoreUnavailableException, IOException {
        var log = RevisionLog.open(settings.store(), reader, Wire::answer, clock, telemetry);
        try {
            var directory = settings.directory().isEmpty()
                    ? null
                    : DirectorySource.start(settings.directory().get(), log, reader, listener, clock);
            var kubernetes = settings.kubernetes().isEmpty()
                    ? null
                    : KubernetesPart.start(settings.kubernetes().get(), log, reader, clock);
            var service = new ConfigGrpcService(
                    log, reader, () -> refusals(directory, kubernetes), settings.watches(), clock, telemetry.tracer());
            return new ConfigServer(log, directory, kubernetes, service);
        } catch (IOException e) {
            log.close();
            throw e;
        }
    }

    private static List<Refusals.Refusal> refusals(
            @Nullable DirectorySource directory, @Nullable KubernetesPart kubernetes) {
        var all = new ArrayList<Refusals.Refusal>();
        if (directory != null) {
            all.addAll(directory.current());
        }
        if (kubernetes != null) {
            all.addAll(kubernetes.refusals());
        }
        return all;
    }

    /// What to serve.
    public List<BindableService> services() {
        return List.of(service.bound());
    }

    /// The newest revision.
    public long revision() {
        return log.published().state().revision();
    }

    /// The object as it is in force, if it was read from exactly this text at this place and is of this age. Spares the
    /// other services of this process from reading it again; waits until what was stored has been read.
    public Optional<ConfigObject<?>> find(ObjectRef ref, SourceDocument source, Age age) {
        try {
            log.awaitRead();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
        return log.published()
                .state()
                .image()
                .find(ref)
                .filter(object -> object.age().equals(age) && isSame(object.source(), source));
    }

    /// All objects of one of the newest revisions, as they were judged. Waits until what was stored has been judged.
    public Optional<ConfigImage> image(long revision) {
        try {
            return log.image(revision);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private static boolean isSame(SourceDocument known, SourceDocument asked) {
        return known.digest().equals(asked.digest())
                && known.name().equals(asked.name())
                && known.firstLine() == asked.firstLine();
    }

    /// Tells `listener` of each revision before those who watch, even while it is being written. For services beside
    /// this one.
    public void listen(RevisionListener listener) {
        log.listen(listener);
    }

    /// How many objects are in force.
    public int resources() {
        return log.published().state().size();
    }

    /// How many watches are open.
    public int watches() {
        return service.watches();
    }

    /// Returns when everything that stood in the directory at the start is in the log, or is known to be refused.
    public void awaitFirstLook() throws InterruptedException {
        if (directory != null) {
            directory.awaitFirstLook();
        }
    }

    /// Why it cannot do its work now; empty when it can. Answers at once.
    public Optional<String> missing() {
        if (directory != null && !directory.isReady()) {
            return Optional.of("the directory has not been read yet");
        }
        if (kubernetes != null && kubernetes.missing().isPresent()) {
            return kubernetes.missing();
        }
        return log.isFailing()
                ? Optional.of("the revision log cannot be written; r" + revision() + " is current")
                : Optional.empty();
    }

    /// Shows what it does: the revision, how much is in force, refused and waiting, and how many watch.
    public void measure(MeterRegistry registry) {
        Gauge.builder("sallyport_config_revision", this, ConfigServer::revision)
                .description("The newest revision.")
                .register(registry);
        Gauge.builder("sallyport_config_resources", this, ConfigServer::resources)
                .description("Objects in force.")
                .register(registry);
        Gauge.builder("sallyport_config_watches", this, ConfigServer::watches)
                .description("Open watches of other services.")
                .register(registry);
        Gauge.builder("sallyport_config_waiting", log, RevisionLog::waiting)
                .description("Changes that wait for their turn.")
                .register(registry);
        Gauge.builder("sallyport_config_store_failing", log, failing -> failing.isFailing() ? 1 : 0)
                .description(
                        "1 while the revision log cannot be written: what is in force stays, and changes are refused.")
                .register(registry);
        measureFindings(registry);
        if (directory != null) {
            FunctionCounter.builder(
                            "sallyport_config_directory_failed_turns_total", directory, DirectorySource::failures)
                    .description("Looks at the directory that failed for a fault of ours and were taken again.")
                    .register(registry);
        }
        if (kubernetes != null) {
            kubernetes.measure(registry);
        }
        Gauge.builder("sallyport_config_refused", this, ConfigServer::refused)
                .description("Documents of the directory that are refused; their last good version stays.")
                .register(registry);
    }

    private void measureFindings(MeterRegistry registry) {
        for (var severity : Severity.values()) {
            Gauge.builder("sallyport_config_findings", this, each -> each.findings(severity))
                    .description("What check says of the objects in force, by severity.")
                    .tag("severity", severity.name().toLowerCase(Locale.ROOT))
                    .register(registry);
        }
        Gauge.builder("sallyport_config_withheld_objects", this, ConfigServer::withheld)
                .description(
                        "Objects in force of which something is withheld from proxies, for an error that check names.")
                .register(registry);
    }

    private double findings(Severity severity) {
        return log.published().findings().stream()
                .filter(finding -> finding.code().severity() == severity)
                .count();
    }

    private double withheld() {
        return log.published().findings().stream()
                .filter(Finding::isError)
                .map(finding -> String.valueOf(finding.location().object()))
                .distinct()
                .count();
    }

    private int refused() {
        return directory == null ? 0 : directory.current().size();
    }

    /// Reads the whole log and names what is not as it was written; empty if all is well.
    public List<String> verify() throws StoreUnavailableException {
        return log.verify();
    }

    /// Stops the source, ends the watches, and closes the store.
    @Override
    public void close() {
        if (directory != null) {
            directory.close();
        }
        if (kubernetes != null) {
            kubernetes.close();
        }
        service.close();
        log.close();
    }
}
