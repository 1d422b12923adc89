package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.INFO;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.analysis.world.MeshSettings;
import io.sallyport.model.Kind;
import io.sallyport.model.MeshConfig;
import io.sallyport.model.MeshExtensionProvider;
import io.sallyport.model.Platform;
import io.sallyport.model.Telemetry;
import io.sallyport.model.Telemetry.AccessLogging;
import io.sallyport.model.Telemetry.ProviderRef;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// SP2143: a Telemetry logs by a provider of which the mesh settings know nothing. Istio passes it over without a word
/// (L3), and what logs then is whatever else was chosen, or nothing.
final class LogProviderExists extends WorldRule<Telemetry> {

    private static final String OWN = "envoy";
    private static final String PLATFORM =
            "apiVersion: sallyport.io/v1alpha1\nkind: Platform\nmetadata: {namespace: istio-system, name: sallyport}\nproxies: []\n---\n";
    private static final String TELEMETRY =
            "apiVersion: telemetry.istio.io/v1\nkind: Telemetry\nmetadata: {namespace: shop, name: logs}\nspec: {accessLogging: [{providers: [{name: %s}]}]}\n";

    LogProviderExists() {
        super(
                "SP2143",
                WARNING,
                "Log provider does not exist",
                Kind.TELEMETRY,
                Telemetry.class,
                new Page(
                        "Providers of logs are named in extensionProviders of the mesh settings; envoy is there by itself. Any other name is passed over, as in Istio.",
                        PLATFORM + TELEMETRY.formatted("envoi"),
                        PLATFORM + TELEMETRY.formatted("envoy")));
    }

    /// Whether somebody says what the mesh settings are. A Telemetry that is checked by itself is no mistake.
    private static boolean isKnown(Lookup world) {
        return world.platform().isPresent() || world.meshConfig().isPresent();
    }

    private static Stream<At<ProviderRef>> unknown(At<Telemetry> telemetry, Lookup world) {
        var mesh = new MeshSettings(world.meshConfig(), Platform.Edge.istio);
        return telemetry
                .each("accessLogging", Telemetry::accessLogging)
                .flatMap(logging -> logging.each("providers", AccessLogging::providers))
                .filter(provider -> mesh.provider(provider.value().name()).isEmpty());
    }

    @Override
    public void check(At<Telemetry> telemetry, Lookup world, Report report) {
        if (!isKnown(world)) {
            return;
        }
        unknown(telemetry, world)
                .forEach(provider -> report.at(
                        provider.below("name"),
                        "log provider \"%s\" does not exist (expected: %s)"
                                .formatted(
                                        provider.value().name(),
                                        expected(world, provider.value().name()))));
    }

    private static String expected(Lookup world, String name) {
        var known = Stream.concat(Stream.of(OWN), named(world.meshConfig()))
                .distinct()
                .toList();
        return Hosts.nearest(name, known)
                .map("\"%s\""::formatted)
                .orElseGet(() -> "one of " + String.join(", ", known.subList(0, Math.min(known.size(), 10))));
    }

    private static Stream<String> named(Optional<MeshConfig> mesh) {
        return mesh.map(settings -> (List<MeshExtensionProvider>) settings.extensionProviders()).stream()
                .flatMap(List::stream)
                .map(MeshExtensionProvider::name);
    }

    /// SP2144: a Telemetry alone, without the mesh settings that name its providers.
    static final class LogProvidersAreKnown extends WorldRule<Telemetry> {

        LogProvidersAreKnown() {
            super(
                    "SP2144",
                    INFO,
                    "Log providers cannot be checked",
                    Kind.TELEMETRY,
                    Telemetry.class,
                    new Page(
                            "None of the objects has mesh settings, so providers of logs cannot be looked up. Without settings there is envoy alone.",
                            TELEMETRY.formatted("otel"),
                            TELEMETRY.formatted("envoy")));
        }

        @Override
        public void check(At<Telemetry> telemetry, Lookup world, Report report) {
            if (!isKnown(world)) {
                unknown(telemetry, world)
                        .findFirst()
                        .ifPresent(provider -> report.at(
                                provider.below("name"),
                                "log provider \"%s\" was not checked: no mesh settings here (expected: sallyport.yaml, or the ConfigMap istio, beside this file)"
                                        .formatted(provider.value().name())));
            }
        }
    }
}
