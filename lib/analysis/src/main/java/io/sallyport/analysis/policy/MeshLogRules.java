package io.sallyport.analysis.policy;

import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.LogFormats;
import io.sallyport.analysis.world.MeshSettings;
import io.sallyport.model.ConfigMap;
import io.sallyport.model.Kind;
import io.sallyport.model.MeshConfig;
import io.sallyport.model.MeshExtensionProvider;
import io.sallyport.model.MeshExtensionProvider.FileAccessLog;
import io.sallyport.model.MeshExtensionProvider.OtelAccessLog;
import io.sallyport.model.Path;
import io.sallyport.model.Platform;
import io.sallyport.model.Spec;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// What the mesh settings say about logs: in `sallyport.yaml`, or in the ConfigMap `istio`.
final class MeshLogRules {

    private static final Set<Kind> HOLDERS = Set.of(Kind.PLATFORM, Kind.CONFIG_MAP);

    private static final String HEAD = """
            apiVersion: sallyport.io/v1alpha1
            kind: Platform
            metadata: {namespace: istio-system, name: sallyport}
            """;

    private MeshLogRules() {}

    static List<Rule<?>> all() {
        return List.of(new LogFormatIsUsed(), new DefaultProviderExists());
    }

    private static Stream<At<MeshConfig>> mesh(At<Spec> spec) {
        return switch (spec.value()) {
            case Platform platform -> spec.as(platform).field("mesh", Platform::mesh);
            case ConfigMap map ->
                Optional.ofNullable(map.mesh()).stream()
                        .map(mesh -> new At<>(Path.of("data", ConfigMap.MESH_KEY), mesh));
            default -> Stream.empty();
        };
    }

    /// SP4704: a format that no listener could log with, or that reads what is not a client's (H23, H24).
    static final class LogFormatIsUsed extends ObjectRule<Spec> {
        LogFormatIsUsed() {
            super(
                    "SP4704",
                    WARNING,
                    "Log format is not used",
                    HOLDERS,
                    Spec.class,
                    new Page(
                            "A command that Envoy does not know makes it refuse every listener that logs so, and two commands read the gateway's environment and files. Rows are then written in Istio's default format.",
                            HEAD + "mesh: {accessLogFile: /dev/stdout, accessLogFormat: \"%NOPE%\"}\n",
                            HEAD + "mesh: {accessLogFile: /dev/stdout, accessLogFormat: \"%PROTOCOL%\"}\n"));
        }

        @Override
        public void check(At<Spec> spec, Report report) {
            mesh(spec).forEach(mesh -> {
                mesh.field("accessLogFormat", MeshConfig::accessLogFormat)
                        .forEach(format ->
                                problem(mesh.value(), format.value()).ifPresent(problem -> report.at(format, problem)));
                mesh.each("extensionProviders", MeshConfig::extensionProviders)
                        .forEach(provider -> provider(provider, report));
            });
        }

        private static Optional<String> problem(MeshConfig mesh, String format) {
            if (format.isEmpty()) {
                return Optional.empty();
            }
            return switch (mesh.accessLogEncoding()) {
                case TEXT -> LogFormats.problem(format);
                case JSON -> LogFormats.jsonProblem(format);
            };
        }

        private static void provider(At<MeshExtensionProvider> provider, Report report) {
            provider.field("envoyFileAccessLog", MeshExtensionProvider::envoyFileAccessLog)
                    .flatMap(file -> file.field("logFormat", FileAccessLog::logFormat))
                    .forEach(format -> {
                        format.field("text", MeshExtensionProvider.LogFormat::text)
                                .forEach(text -> LogFormats.problem(text.value())
                                        .ifPresent(problem -> report.at(text, problem)));
                        format.field("labels", MeshExtensionProvider.LogFormat::labels)
                                .forEach(labels -> LogFormats.problem(labels.value())
                                        .ifPresent(problem -> report.at(labels, problem)));
                    });
            provider.field("envoyOtelAls", MeshExtensionProvider::envoyOtelAls)
                    .flatMap(otel -> otel.field("logFormat", OtelAccessLog::logFormat))
                    .forEach(format -> {
                        format.field("text", MeshExtensionProvider.OtelLogFormat::text)
                                .forEach(text -> LogFormats.problem(text.value())
                                        .ifPresent(problem -> report.at(text, problem)));
                        format.field("labels", MeshExtensionProvider.OtelLogFormat::labels)
                                .forEach(labels -> LogFormats.problem(labels.value())
                                        .ifPresent(problem -> report.at(labels, problem)));
                    });
        }
    }

    /// SP4705: the settings name a provider that they do not have; it is passed over (L3).
    static final class DefaultProviderExists extends ObjectRule<Spec> {
        DefaultProviderExists() {
            super(
                    "SP4705",
                    WARNING,
                    "Default log provider does not exist",
                    HOLDERS,
                    Spec.class,
                    new Page(
                            "defaultProviders names providers of extensionProviders, or envoy. Any other name is passed over, as in Istio.",
                            HEAD + "mesh: {defaultProviders: {accessLogging: [files]}}\n",
                            HEAD
                                    + "mesh: {defaultProviders: {accessLogging: [files]}, extensionProviders: [{name: files, envoyFileAccessLog: {path: /dev/stdout}}]}\n"));
        }

        @Override
        public void check(At<Spec> spec, Report report) {
            mesh(spec).forEach(mesh -> {
                var settings = new MeshSettings(Optional.of(mesh.value()), Platform.Edge.istio);
                mesh.field("defaultProviders", MeshConfig::defaultProviders)
                        .flatMap(providers ->
                                providers.each("accessLogging", MeshConfig.DefaultProviders::accessLogging))
                        .filter(name -> settings.provider(name.value()).isEmpty())
                        .forEach(name -> report.at(
                                name,
                                "log provider \"%s\" does not exist (expected: envoy, or a name in extensionProviders)"
                                        .formatted(name.value())));
            });
        }
    }
}
