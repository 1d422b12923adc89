package io.sallyport.xds.discovery;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.sallyport.runtime.telemetry.Telemetry;
import io.sallyport.translation.ResourceType;
import io.sallyport.xds.publish.Arrivals;
import io.sallyport.xds.publish.Publisher;
import io.sallyport.xds.publish.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Watches one stream for those who look at metrics, traces and logs: each response from when it is sent until the
/// proxy takes or refuses it. It decides nothing; the session does.
final class Pushes {

    // A stream has one response of each type under way; whoever answers none of them is not worth more.
    private static final int MAX_OPEN = 32;
    private static final int MAX_REASON = 400;
    private static final Logger LOG = LoggerFactory.getLogger(Pushes.class);

    /// What all streams share.
    static final class Gauge {

        private final Publisher publisher;
        private final Tracer tracer;
        private final DiscoveryMeters meters;

        Gauge(Publisher publisher, Telemetry telemetry) {
            this.publisher = publisher;
            this.tracer = telemetry.tracer();
            this.meters = new DiscoveryMeters(telemetry.meters());
        }
    }

    /// A response, as far as it matters here.
    record Sent(String typeUrl, String nonce, int resources) {}

    /// An answer; `refusal` is null if the proxy took what it got.
    record Answer(String nonce, @Nullable String refusal) {}

    private record Open(ResourceType type, long revision, Instant sent, Span span) {}

    private final Gauge gauge;
    private final Instant opened;
    private final Map<String, Open> open = new LinkedHashMap<>();
    private long reached = -1;

    Pushes(Gauge gauge, Instant opened) {
        this.gauge = gauge;
        this.opened = opened;
    }

    void sent(Sent response, Snapshot snapshot, Node node, Instant now) {
        var type = ResourceType.of(response.typeUrl());
        if (type.isEmpty()) {
            return;
        }
        var span = gauge.publisher
                .arrivals()
                .of(snapshot.revision(), now)
                .filter(this::cameLater)
                .filter(Arrivals.Entry::mayTrace)
                .map(entry -> start(entry, type.get(), response, snapshot, node))
                .orElse(Span.getInvalid());
        if (open.size() >= MAX_OPEN) {
            var eldest = open.values().iterator();
            end(eldest.next(), DiscoveryMeters.Result.UNANSWERED, now);
            eldest.remove();
        }
        open.put(response.nonce(), new Open(type.get(), snapshot.revision(), now, span));
    }

    // What a proxy is sent that connects after a change is its start, not the change.
    private boolean cameLater(Arrivals.Entry entry) {
        return !entry.received().isBefore(opened);
    }

    private Span start(Arrivals.Entry entry, ResourceType type, Sent response, Snapshot snapshot, Node node) {
        return gauge.tracer
                .spanBuilder("xds.push " + type.acronym())
                .setParent(entry.trace())
                .setAttribute("sallyport.proxy", Bounds.printable(node.id()))
                .setAttribute("sallyport.type", type.acronym())
                .setAttribute("sallyport.resources", response.resources())
                .setAttribute("sallyport.revision", snapshot.revision())
                .startSpan();
    }

    void answered(Answer answer, Node node, Instant now) {
        var push = open.remove(answer.nonce());
        if (push == null) {
            return;
        }
        var refusal = answer.refusal();
        if (refusal != null) {
            var reason = Bounds.printable(refusal);
            var cut = reason.substring(0, Math.min(MAX_REASON, reason.length()));
            push.span().setStatus(StatusCode.ERROR, cut);
            try (var _ = push.span().makeCurrent()) {
                LOG.atWarn()
                        .addKeyValue("proxy", Bounds.printable(node.id()))
                        .addKeyValue("type", push.type().acronym())
                        .addKeyValue("revision", push.revision())
                        .addKeyValue("reason", cut)
                        .log("A proxy refused what it was sent");
            }
        }
        end(push, refusal == null ? DiscoveryMeters.Result.ACKNOWLEDGED : DiscoveryMeters.Result.REFUSED, now);
    }

    private void end(Open push, DiscoveryMeters.Result result, Instant now) {
        gauge.meters.ended(push.type(), result, Duration.between(push.sent(), now));
        push.span().setAttribute("sallyport.result", result.label());
        push.span().end();
    }

    /// The proxy has taken a revision whole.
    void reached(long revision, Instant now) {
        if (revision <= reached) {
            return;
        }
        reached = revision;
        gauge.publisher
                .arrivals()
                .of(revision, now)
                .filter(this::cameLater)
                .filter(entry -> !entry.arrival().whole())
                .ifPresent(entry ->
                        gauge.meters.reached(Duration.between(entry.arrival().made(), now)));
    }

    /// The stream is over.
    void over(Instant now) {
        open.values().forEach(push -> end(push, DiscoveryMeters.Result.UNANSWERED, now));
        open.clear();
    }
}
