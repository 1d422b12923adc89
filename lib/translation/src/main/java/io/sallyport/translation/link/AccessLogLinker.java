package io.sallyport.translation.link;

import io.sallyport.analysis.policy.LogBuffer;
import io.sallyport.analysis.text.CelSyntax;
import io.sallyport.analysis.text.LogFormats;
import io.sallyport.analysis.world.Backend;
import io.sallyport.analysis.world.MeshSettings;
import io.sallyport.analysis.world.World;
import io.sallyport.model.MeshExtensionProvider;
import io.sallyport.model.MeshExtensionProvider.FileAccessLog;
import io.sallyport.model.MeshExtensionProvider.OtelAccessLog;
import io.sallyport.model.Value;
import io.sallyport.model.read.FreeJson;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.plan.AccessLog;
import io.sallyport.translation.plan.AccessLog.Buffer;
import io.sallyport.translation.plan.AccessLog.Format;
import io.sallyport.translation.plan.AccessLog.Receiver;
import io.sallyport.translation.plan.AccessLog.Rows;
import io.sallyport.translation.plan.AccessLog.Sink;
import io.sallyport.translation.plan.AccessLog.Stream;
import io.sallyport.translation.plan.AccessLogs;
import io.sallyport.translation.plan.Upstream;
import io.sallyport.translation.plan.UpstreamId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What a proxy logs: as its Telemetries choose ([LogChoice]), else as the mesh settings say. A format that Envoy would
/// refuse gives way to Istio's own, and a filter that it cannot build withholds its log, so that no listener is lost
/// for its log's sake; the analysis has warned of both.
/// (Istio: `pilot/pkg/networking/core/accesslog.go`, `pilot/pkg/model/telemetry_logging.go`; L2, L3, L7.)
final class AccessLogLinker {

    private final World world;
    private final ProxyClass proxy;
    private final MeshSettings mesh;

    AccessLogLinker(World world, ProxyClass proxy) {
        this.world = world;
        this.proxy = proxy;
        this.mesh = world.mesh();
    }

    AccessLogs link() {
        boolean isDecided = false;
        var chosen = new ArrayList<AccessLog>();
        for (var choice : LogChoice.of(world, proxy).entrySet()) {
            var sink = mesh.provider(choice.getKey()).flatMap(this::sink);
            isDecided |= sink.isPresent();
            sink.flatMap(where -> log(where, choice.getValue())).ifPresent(chosen::add);
        }
        return isDecided ? new AccessLogs(chosen, chosen, mesh.logsUnmatched() ? chosen : List.of()) : bySettings();
    }

    private static Optional<AccessLog> log(Sink sink, LogChoice choice) {
        return switch (choice) {
            case LogChoice.Off() -> Optional.empty();
            case LogChoice.On(var filter) when filter.isEmpty() -> Optional.of(new AccessLog(sink, new Rows.All()));
            case LogChoice.On(var filter) ->
                isBuildable(filter) ? Optional.of(new AccessLog(sink, new Rows.Matching(filter))) : Optional.empty();
        };
    }

    private static boolean isBuildable(String filter) {
        return CelSyntax.problem(filter).isEmpty()
                && CelSyntax.unbuildable(filter).isEmpty();
    }

    // Where no provider logs that anybody chose.
    private AccessLogs bySettings() {
        var requests = new ArrayList<AccessLog>();
        if (!mesh.accessLogFile().isEmpty()) {
            requests.add(new AccessLog(new Sink.File(mesh.accessLogFile(), format(), false), new Rows.All()));
        }
        var connections = new ArrayList<>(requests);
        var unmatched = new ArrayList<>(requests);
        if (mesh.logsToCollector()) {
            requests.add(toCollector(new Sink.Requests(own(LogDefaults.REQUESTS), List.of(), List.of(), List.of())));
            connections.add(toCollector(new Sink.Connections(own(LogDefaults.CONNECTIONS))));
            unmatched.add(toCollector(new Sink.Connections(own(LogDefaults.UNMATCHED))));
        }
        return new AccessLogs(requests, connections, mesh.logsUnmatched() ? unmatched : List.of());
    }

    private static AccessLog toCollector(Sink sink) {
        return new AccessLog(sink, new Rows.All());
    }

    private Stream own(String name) {
        return new Stream(new Receiver.Own(), name, LogDefaults.STATE, buffer());
    }

    private Buffer buffer() {
        var buffer = LogChoice.buffer(world, proxy);
        return buffer.equals(LogBuffer.DEFAULT)
                ? new Buffer.Usual()
                : new Buffer.Sized(buffer.bytes(), buffer.millis());
    }

    private Format format() {
        var written = mesh.accessLogFormat();
        return switch (mesh.accessLogEncoding()) {
            case TEXT -> line(written);
            case JSON -> json(FreeJson.struct(written));
        };
    }

    // A line ends; whoever forgot it meant it.
    private static Format line(String written) {
        if (written.isEmpty() || LogFormats.problem(written).isPresent()) {
            return LogDefaults.TEXT;
        }
        return new Format.Text(written.endsWith("\n") ? written : written + "\n");
    }

    private static Format json(Optional<Value.Struct> written) {
        return written.filter(fields -> !fields.fields().isEmpty())
                .filter(fields -> LogFormats.problem(fields).isEmpty())
                .<Format>map(Format.Json::new)
                .orElse(LogDefaults.JSON);
    }

    // Providers of traces, metrics and decisions log nothing.
    private Optional<Sink> sink(MeshExtensionProvider provider) {
        var file = provider.envoyFileAccessLog();
        if (file != null) {
            return Optional.of(file(provider.name(), file));
        }
        var requests = provider.envoyHttpAls();
        if (requests != null) {
            return stream(
                            requests.service(),
                            requests.port(),
                            requests.logName(),
                            LogDefaults.REQUESTS,
                            requests.filterStateObjectsToLog())
                    .map(stream -> new Sink.Requests(
                            stream,
                            requests.additionalRequestHeadersToLog(),
                            requests.additionalResponseHeadersToLog(),
                            requests.additionalResponseTrailersToLog()));
        }
        var connections = provider.envoyTcpAls();
        if (connections != null) {
            return stream(
                            connections.service(),
                            connections.port(),
                            connections.logName(),
                            LogDefaults.CONNECTIONS,
                            connections.filterStateObjectsToLog())
                    .map(Sink.Connections::new);
        }
        var telemetry = provider.envoyOtelAls();
        return telemetry == null ? Optional.empty() : openTelemetry(telemetry);
    }

    // Istio's own provider follows the mesh settings where it has no format of its own.
    private Sink file(String name, FileAccessLog file) {
        var path = file.path().isEmpty() ? LogDefaults.PRINTED : file.path();
        var format = file.logFormat();
        if (format == null) {
            boolean isOwn = name.equals("envoy") && !file.omitEmptyValues();
            return new Sink.File(path, isOwn ? format() : LogDefaults.TEXT, file.omitEmptyValues());
        }
        var labels = format.labels();
        var made = labels == null ? line(text(format.text())) : json(Optional.of(labels));
        return new Sink.File(path, made, file.omitEmptyValues());
    }

    private static String text(@Nullable String text) {
        return text == null ? "" : text;
    }

    private Optional<Sink> openTelemetry(OtelAccessLog telemetry) {
        var format = telemetry.logFormat();
        var body = format == null
                        || format.text().isEmpty()
                        || LogFormats.problem(format.text()).isPresent()
                ? LogDefaults.LINE
                : format.text();
        var attributes = new TreeMap<String, String>();
        var labels = format == null ? null : format.labels();
        if (labels != null) {
            labels.fields().forEach((name, value) -> {
                // What is no text has no attribute's value, as with Istio.
                var text = value instanceof Value.Text(var written) ? written : "";
                attributes.put(name, LogFormats.problem(text).isPresent() ? "" : text);
            });
        }
        return stream(
                        telemetry.service(),
                        telemetry.port(),
                        telemetry.logName(),
                        LogDefaults.OPEN_TELEMETRY,
                        telemetry.filterStateObjectsToLog())
                .map(stream -> new Sink.OpenTelemetry(stream, body, attributes));
    }

    private Optional<Stream> stream(String service, int port, String name, String usual, List<String> state) {
        return receiver(service, port)
                .map(upstream -> new Stream(
                        new Receiver.Service(upstream),
                        name.isEmpty() ? usual : name,
                        state.isEmpty() ? LogDefaults.STATE : state,
                        buffer()));
    }

    // `namespace/host`, or a host that one namespace alone declares. (Istio: `LookupCluster`.)
    private Optional<UpstreamId> receiver(String service, int port) {
        int slash = service.indexOf('/');
        var host = service.substring(slash + 1);
        var namespaces = world.backends(host).stream()
                .map(Backend::namespace)
                .filter(namespace -> slash < 0 || namespace.equals(service.substring(0, slash)))
                .distinct()
                .toList();
        return Optional.of(new UpstreamId(port, "", host))
                .filter(_ -> namespaces.size() == 1)
                .filter(id -> new UpstreamLinker(world, proxy).link(id) instanceof Upstream.Known);
    }
}
