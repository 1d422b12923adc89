package io.sallyport.secret;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.sallyport.secret.material.ServerCertificate;
import io.sallyport.secret.sds.SecretDiscovery;
import io.sallyport.secret.store.FilePlace;
import io.sallyport.secret.store.SecretName;
import io.sallyport.secret.store.SecretRegistry;
import io.sallyport.secret.store.SecretState;
import io.sallyport.secret.store.SecretState.Half;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What there is to measure: how many days each certificate has left, and how many secrets are not served as they are.
///
/// Names of secrets are the users' own, so series are bounded: those of the 1,000 certificates that expire first.
final class SecretMeters {

    private static final int MAX_SERIES = 1_000;
    private static final double SECONDS_A_DAY = Duration.ofDays(1).toSeconds();

    private record Row(SecretName name, Instant end) {}

    private final SecretRegistry registry;
    private final Supplier<? extends Map<SecretName, FilePlace>> files;
    private final InstantSource clock;
    private volatile @Nullable MultiGauge daysLeft;

    SecretMeters(SecretRegistry registry, Supplier<? extends Map<SecretName, FilePlace>> files, InstantSource clock) {
        this.registry = registry;
        this.files = files;
        this.clock = clock;
    }

    void register(MeterRegistry meters, SecretDiscovery discovery) {
        Gauge.builder("sallyport_sds_streams", discovery, SecretDiscovery::streams)
                .description("Open streams of proxies that follow secrets.")
                .register(meters);
        FunctionCounter.builder("sallyport_sds_responses", discovery, SecretDiscovery::responses)
                .description("Responses with secrets that proxies were sent.")
                .register(meters);
        FunctionCounter.builder("sallyport_sds_refusals", discovery, SecretDiscovery::refusals)
                .description("Secrets that a proxy refused (NACK); it keeps what it had.")
                .register(meters);
        Gauge.builder("sallyport_secrets", registry, each -> each.secrets().size())
                .description("Secrets that are known.")
                .register(meters);
        Gauge.builder("sallyport_secrets_degraded", registry, SecretMeters::degraded)
                .description("Secrets whose newest version cannot be used: the last good one is served, or none.")
                .register(meters);
        Gauge.builder("sallyport_secret_certificates", registry, each -> rows().size())
                .description("Certificates that are served.")
                .register(meters);
        daysLeft = MultiGauge.builder("sallyport_secret_certificate_days_left")
                .description("days until the certificate that is served expires; of the 1,000 that expire first")
                .register(meters);
        refresh();
    }

    /// Follows the secrets that came and went since, on any thread; values are read when they are asked for.
    synchronized void refresh() {
        var gauge = daysLeft;
        if (gauge == null) {
            return;
        }
        var named = files.get();
        var rows = new ArrayList<MultiGauge.Row<?>>();
        for (var row : rows().stream().limit(MAX_SERIES).toList()) {
            var file = Optional.ofNullable(named.get(row.name()));
            var tags = file.isPresent()
                    ? Tags.of("namespace", "", "secret", file.get().toString())
                    : Tags.of(
                            "namespace",
                            row.name().namespace(),
                            "secret",
                            row.name().name());
            rows.add(MultiGauge.Row.of(tags, () -> daysLeft(row.name())));
        }
        gauge.register(rows, true);
    }

    private double daysLeft(SecretName name) {
        var state = registry.secrets().get(name);
        return Optional.ofNullable(state)
                .flatMap(SecretMeters::served)
                .map(certificate -> Duration.between(clock.instant(), certificate.notAfter())
                                .toSeconds()
                        / SECONDS_A_DAY)
                .orElse(Double.NaN);
    }

    private List<Row> rows() {
        var rows = new ArrayList<Row>();
        registry.secrets()
                .forEach((name, state) ->
                        served(state).ifPresent(certificate -> rows.add(new Row(name, certificate.notAfter()))));
        rows.sort(Comparator.comparing(Row::end).thenComparing(Row::name));
        return rows;
    }

    private static Optional<ServerCertificate> served(SecretState state) {
        return switch (state.certificate()) {
            case Half.Served<ServerCertificate>(var value, var _) -> Optional.of(value);
            case Half.LastGood<ServerCertificate>(var value, var _) -> Optional.of(value);
            case Half.Closed<ServerCertificate> _, Half.Absent<ServerCertificate> _ -> Optional.empty();
        };
    }

    private static double degraded(SecretRegistry registry) {
        return registry.secrets().values().stream()
                .filter(state -> isBad(state.certificate()) || isBad(state.trust()))
                .count();
    }

    private static boolean isBad(Half<?> half) {
        return switch (half) {
            case Half.LastGood<?> _, Half.Closed<?> _ -> true;
            case Half.Served<?> _, Half.Absent<?> _ -> false;
        };
    }
}
