package io.sallyport.egress;

import io.grpc.BindableService;
import io.grpc.Channel;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.analysis.Inspections;
import io.sallyport.egress.api.EgressApi;
import io.sallyport.egress.api.SeenDestinations;
import io.sallyport.egress.policy.PolicyBoard;
import io.sallyport.follow.ConfigFollower;
import io.sallyport.follow.KnownObjects;
import io.sallyport.model.read.YamlReader;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// The wiring of egress-policy-service: follows config-service, answers questions. It opens no port itself: [#api] goes
/// on the API port.
public final class EgressServer implements AutoCloseable {

    private final PolicyBoard board;
    private final ConfigFollower follower;
    private final EgressApi api;

    /// `config` leads to config-service, `logs` to accesslog-collector if there is one; whatever is needed to be let in
    /// is already on them.
    public EgressServer(Channel config, Optional<Channel> logs, InstantSource clock, RandomGenerator random) {
        this(config, logs, KnownObjects.NONE, new Inspections(), clock, random);
    }

    /// The same beside config-service in one process: what that has read and inspected is not done again.
    public EgressServer(
            Channel config,
            Optional<Channel> logs,
            KnownObjects beside,
            Inspections inspections,
            InstantSource clock,
            RandomGenerator random) {
        var reader = new YamlReader();
        this.board = new PolicyBoard(inspections, clock);
        this.api = new EgressApi(board, new SeenDestinations(logs, clock));
        this.follower = new ConfigFollower(
                config, document -> reader.readDocument(document).object(), beside, board::offer, random);
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
        Gauge.builder("sallyport_egress_connected", follower, each -> each.isConnected() ? 1 : 0)
                .register(meters);
        Gauge.builder(
                        "sallyport_egress_unreadable_objects",
                        follower,
                        each -> each.unreadable().size())
                .register(meters);
    }

    @Override
    public void close() {
        follower.close();
    }
}
