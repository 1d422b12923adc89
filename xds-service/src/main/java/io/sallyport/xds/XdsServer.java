package io.sallyport.xds;

import io.grpc.BindableService;
import io.grpc.Channel;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.Inspections;
import io.sallyport.follow.Arrival;
import io.sallyport.follow.ConfigFollower;
import io.sallyport.follow.KnownObjects;
import io.sallyport.model.read.YamlReader;
import io.sallyport.runtime.SteadyLoop;
import io.sallyport.runtime.identity.ProxyLabels;
import io.sallyport.runtime.telemetry.Telemetry;
import io.sallyport.xds.discovery.Counters;
import io.sallyport.xds.discovery.Discovery;
import io.sallyport.xds.discovery.Fleet;
import io.sallyport.xds.publish.JudgedTranslation;
import io.sallyport.xds.publish.Publisher;
import io.sallyport.xds.status.FleetMeters;
import io.sallyport.xds.status.LiveProbe;
import io.sallyport.xds.status.ProxyStatusService;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;

/// The wiring of xds-service: follows config-service, publishes snapshots, serves proxies. It opens no port
/// itself: [#discovery] goes on the proxies' port (requests up to 16 MiB, no token), [#api] on the API port.
public final class XdsServer implements AutoCloseable {

    private static final Duration TICK = Duration.ofMillis(100);

    private final Publisher publisher;
    // Gauges hold what they read weakly: without this field they would soon read nothing.
    private final FleetMeters proxies;
    private final Discovery discovery;
    private final ProxyStatusService status;
    private final ConfigFollower follower;
    private final SteadyLoop ticker;

    /// `config` leads to config-service; whatever it needs to be let in is already on it.
    public XdsServer(Channel config, LiveProbe probe, InstantSource clock, RandomGenerator random) {
        this(config, probe, ProxyLabels.NONE, clock, random, Telemetry.none());
    }

    /// The same where proxies prove who they are; `labels` are theirs.
    public XdsServer(
            Channel config,
            LiveProbe probe,
            ProxyLabels labels,
            InstantSource clock,
            RandomGenerator random,
            Telemetry telemetry) {
        this(config, KnownObjects.NONE, new Inspections(), probe, labels, clock, random, telemetry);
    }

    /// The same beside config-service in one process: what that has read and inspected is not done again.
    public XdsServer(
            Channel config,
            KnownObjects beside,
            Inspections inspections,
            LiveProbe probe,
            InstantSource clock,
            RandomGenerator random,
            Telemetry telemetry) {
        this(config, beside, inspections, probe, ProxyLabels.NONE, clock, random, telemetry);
    }

    private XdsServer(
            Channel config,
            KnownObjects beside,
            Inspections inspections,
            LiveProbe probe,
            ProxyLabels labels,
            InstantSource clock,
            RandomGenerator random,
            Telemetry telemetry) {
        var reader = new YamlReader();
        this.publisher = new Publisher(() -> new JudgedTranslation(inspections, clock), clock, telemetry);
        var fleet = new Fleet(clock);
        this.proxies = new FleetMeters(publisher, fleet);
        this.discovery = new Discovery(publisher, fleet, clock, labels, telemetry);
        this.status = new ProxyStatusService(publisher, fleet, probe, clock);
        this.follower = new ConfigFollower(
                config, document -> reader.readDocument(document).object(), beside, publisher::offer, random);
        this.ticker = SteadyLoop.every("xds-ticker", TICK, _ -> tick());
    }

    private void tick() {
        publisher.tick();
        discovery.tick();
    }

    /// For who runs beside config-service: an image that is being written there. Nothing of it is shown.
    public void storing(ConfigImage image) {
        if (follower.isUpToDate()) {
            publisher.prepare(image);
        }
    }

    /// The same once it is written: it is served at once, and the stream brings nothing new.
    public void stored(ConfigImage image, Arrival arrival) {
        follower.ahead(image, arrival);
    }

    /// For the proxies: aggregated discovery.
    public List<BindableService> discovery() {
        return List.of(discovery);
    }

    /// For people and tools: `ProxyService`.
    public List<BindableService> api() {
        return List.of(status);
    }

    /// Why proxies cannot be served yet; empty: they can.
    public Optional<String> missing() {
        if (follower.isComplete()) {
            return Optional.empty();
        }
        return Optional.of(follower.isConnected() ? "reading the configuration" : "no configuration yet");
    }

    /// The newest revision that every class of proxies has been translated for.
    public long revision() {
        return publisher.revision();
    }

    /// Registers what there is to measure.
    public void measure(MeterRegistry meters) {
        proxies.register(meters);
        Gauge.builder("sallyport_xds_revision", publisher, Publisher::revision)
                .description("The newest revision that every class of proxies has been translated for.")
                .register(meters);
        Gauge.builder("sallyport_xds_classes", publisher, Publisher::classes)
                .description("Kinds of proxy that are translated for; proxies of one kind share everything.")
                .register(meters);
        Gauge.builder("sallyport_xds_streams", discovery.counters(), Counters::streams)
                .description("Open discovery streams.")
                .register(meters);
        count(meters, "responses", "Responses that proxies were sent.", Counters::responses);
        count(meters, "resources", "Resources in those responses.", Counters::resources);
        count(meters, "refusals", "Responses that a proxy refused (NACK).", Counters::refusals);
        count(
                meters,
                "strange_nonces",
                "Answers to responses that were never sent, or long ago.",
                Counters::strangeNonces);
        count(meters, "unknown_types", "Requests for types that are not served.", Counters::unknownTypes);
        count(
                meters,
                "violations",
                "Streams that were closed because the client broke a rule or a bound.",
                Counters::violations);
        count(
                meters,
                "evictions",
                "Streams that were closed for a newer one of the same proxy, or because nothing was read.",
                Counters::evictions);
        FunctionCounter.builder("sallyport_xds_translation_failures_total", publisher, Publisher::failures)
                .description(
                        "Translations that threw: a fault of ours; the object is withheld or the last good snapshot stays.")
                .register(meters);
        Gauge.builder(
                        "sallyport_xds_withheld_objects",
                        publisher,
                        each -> each.poisoned().size())
                .description("Objects that are withheld because translating them throws.")
                .register(meters);
        Gauge.builder(
                        "sallyport_xds_unreadable_objects",
                        follower,
                        each -> each.unreadable().size())
                .description("Objects that this version cannot read; their last good version, if any, stays.")
                .register(meters);
    }

    private void count(MeterRegistry meters, String name, String what, ToDoubleFunction<Counters> value) {
        FunctionCounter.builder("sallyport_xds_" + name + "_total", discovery.counters(), value)
                .description(what)
                .register(meters);
    }

    @Override
    public void close() {
        ticker.close();
        follower.close();
        discovery.close();
        publisher.close();
    }
}
