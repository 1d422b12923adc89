package io.sallyport.egress;

import io.grpc.BindableService;
import io.grpc.Channel;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.trace.Tracer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.Inspections;
import io.sallyport.egress.api.EgressApi;
import io.sallyport.egress.api.SeenDestinations;
import io.sallyport.egress.policy.PolicyBoard;
import io.sallyport.follow.Arrival;
import io.sallyport.follow.ConfigFollower;
import io.sallyport.follow.KnownObjects;
import io.sallyport.model.read.YamlReader;
import io.sallyport.runtime.telemetry.Telemetry;
import io.sallyport.runtime.telemetry.TraceParent;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The wiring of egress-policy-service: follows config-service, answers questions. It opens no port itself: [#api] goes
/// on the API port.
public final class EgressServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EgressServer.class);

    private final PolicyBoard board;
    private final ConfigFollower follower;
    private final EgressApi api;
    private final Tracer tracer;
    private volatile long revision;

    /// `config` leads to config-service, `logs` to accesslog-collector if there is one; whatever is needed to be let in
    /// is already on them.
    public EgressServer(
            Channel config, Optional<Channel> logs, InstantSource clock, RandomGenerator random, Telemetry telemetry) {
        this(config, logs, KnownObjects.NONE, new Inspections(), clock, random, telemetry);
    }

    /// The same beside config-service in one process: what that has read and inspected is not done again.
    public EgressServer(
            Channel config,
            Optional<Channel> logs,
            KnownObjects beside,
            Inspections inspections,
            InstantSource clock,
            RandomGenerator random,
            Telemetry telemetry) {
        this.tracer = telemetry.tracer();
        var reader = new YamlReader();
        this.board = new PolicyBoard(inspections, clock);
        this.api = new EgressApi(board, new SeenDestinations(logs, clock));
        this.follower = new ConfigFollower(
                config, document -> reader.readDocument(document).object(), beside, this::offer, random);
    }

    // The answers to questions change with this revision: the last thing that a change's trace has to show here.
    private void offer(ConfigImage image, Arrival arrival) {
        var span = tracer.spanBuilder("egress.policy")
                .setParent(TraceParent.read(arrival.traceParent()))
                .setAttribute("sallyport.revision", image.revision())
                .startSpan();
        try (var _ = span.makeCurrent()) {
            board.offer(image);
            revision = image.revision();
            LOG.atInfo().addKeyValue("revision", revision).log("Took a revision");
        } finally {
            span.end();
        }
    }

    /// For people and tools: `EgressPolicyService`.
    public List<BindableService> api() {
        return List.of(api);
    }

    /// Why nothing can be answered yet; empty: it can.
    public Optional<String> missing() {
        return board.isKnown() ? Optional.empty() : Optional.of("no configuration yet");
    }

    /// Registers what there is to measure.
    public void measure(MeterRegistry meters) {
        Gauge.builder("sallyport_egress_revision", this, each -> each.revision)
                .description("The revision that questions are answered from.")
                .register(meters);
        Gauge.builder("sallyport_egress_connected", follower, each -> each.isConnected() ? 1 : 0)
                .description("1 while config-service is heard; the last configuration goes on answering.")
                .register(meters);
        Gauge.builder(
                        "sallyport_egress_unreadable_objects",
                        follower,
                        each -> each.unreadable().size())
                .description("Objects that this version cannot read; their last good version, if any, stays.")
                .register(meters);
    }

    @Override
    public void close() {
        follower.close();
    }
}
