package io.sallyport.analysis.relation;

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
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// SP2143: a Telemetry logs by a provider of which the mesh settings know nothing. Istio passes it over without a word
/// (L3), and what logs then is whatever else was chosen, or nothing.
final class LogProviderExists extends WorldRule<Telemetry> {

    private static final String OWN = "envoy";

    LogProviderExists() {
        super(
                "SP2143",
                WARNING,
                "Log provider does not exist",
                Kind.TELEMETRY,
                Telemetry.class,
                new Page(
                        "Providers of logs are named in extensionProviders of the mesh settings; envoy is there by itself. Any other name is passed over, as in Istio.",
                        "{accessLogging: [{providers: [{name: envoi}]}]}",
                        "{accessLogging: [{providers: [{name: envoy}]}]}"));
    }

    @Override
    public void check(At<Telemetry> telemetry, Lookup world, Report report) {
        var mesh = new MeshSettings(world.meshConfig(), Platform.Edge.istio);
        telemetry
                .each("accessLogging", Telemetry::accessLogging)
                .flatMap(logging -> logging.each("providers", AccessLogging::providers))
                .filter(provider -> mesh.provider(provider.value().name()).isEmpty())
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
}
