package io.sallyport.accesslog;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.accesslog.queue.Spool;
import io.sallyport.accesslog.receive.AlsReceiver;
import io.sallyport.accesslog.receive.Intake;
import io.sallyport.accesslog.receive.Ledger;
import io.sallyport.accesslog.receive.SamplingRules;
import io.sallyport.accesslog.receive.Verdicts;
import java.time.InstantSource;
import java.util.OptionalLong;

/// Where rows are and what became of them. Proxies and hosts are no labels: the completeness of each proxy is
/// a question to the API.
final class CollectorMeters {

    private static final long SPAN_SECONDS = 900;
    // The minute under way is on its way.
    private static final long SETTLED_SECONDS = 120;

    private CollectorMeters() {}

    static void register(
            MeterRegistry meters,
            AlsReceiver receiver,
            Spool spool,
            Intake intake,
            Ledger ledger,
            InstantSource clock) {
        Gauge.builder("sallyport_accesslog_streams", receiver, AlsReceiver::streams)
                .description("Open streams of proxies that send rows.")
                .register(meters);
        Gauge.builder("sallyport_accesslog_spool_rows", spool, Spool::pending)
                .description("Rows on disk that Kafka has not taken yet.")
                .register(meters);
        Gauge.builder("sallyport_accesslog_spool_bytes", spool, Spool::bytes)
                .description("What the spool takes on disk, with rows of its newest file that Kafka has taken already;"
                        + " beyond the bound rows are lost.")
                .register(meters);
        FunctionCounter.builder("sallyport_accesslog_rows_received", intake, Intake::received)
                .description("Rows that proxies have sent.")
                .register(meters);
        FunctionCounter.builder("sallyport_accesslog_rows_unreadable", intake, Intake::unreadable)
                .description("Lines that were kept as they are, since they are none of the known formats.")
                .register(meters);
        lost(meters, SamplingRules.SAMPLED, intake, Intake::sampled);
        lost(meters, Intake.SPOOL_FULL, intake, Intake::spoolFull);
        lost(meters, "dropped_by_proxy", ledger, Ledger::droppedByProxies);
        Gauge.builder("sallyport_accesslog_completeness_ratio", ledger, each -> completeness(each, clock))
                .description(
                        "The share of rows of the last quarter of an hour that arrived and were not lost, sampling aside;"
                                + " no value without rows.")
                .register(meters);
        for (var verdict : Verdicts.Kind.values()) {
            FunctionCounter.builder(
                            "sallyport_egress_verdicts",
                            intake,
                            each -> each.verdicts().count(verdict))
                    .description(
                            "Requests that left where no rule names them, or were kept from leaving, by the rows of their"
                                    + " proxies.")
                    .tag("verdict", verdict.verdict())
                    .tag("reason", verdict.reason())
                    .register(meters);
        }
    }

    static <T> void lost(MeterRegistry meters, String cause, T of, java.util.function.ToDoubleFunction<T> value) {
        FunctionCounter.builder("sallyport_accesslog_rows_lost", of, value)
                .description("Rows that are not stored, by cause; `sampled` is what the settings ask for.")
                .tag("cause", cause)
                .register(meters);
    }

    private static double completeness(Ledger ledger, InstantSource clock) {
        long now = clock.instant().getEpochSecond();
        double there = 0;
        double all = 0;
        for (var line : ledger.lines(now - SPAN_SECONDS, now - SETTLED_SECONDS)) {
            long lost = line.lost().entrySet().stream()
                    .filter(cause -> !cause.getKey().equals(SamplingRules.SAMPLED))
                    .mapToLong(java.util.Map.Entry::getValue)
                    .sum();
            there += line.received() - lost;
            all += Math.max(line.received(), written(line.written())) + line.dropped();
        }
        return all == 0 ? Double.NaN : there / all;
    }

    private static long written(OptionalLong told) {
        return told.orElse(0);
    }
}
