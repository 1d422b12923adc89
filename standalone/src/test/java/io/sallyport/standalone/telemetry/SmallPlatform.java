package io.sallyport.standalone.telemetry;

import static org.awaitility.Awaitility.await;

import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.MetadataUtils;
import io.sallyport.analysis.Inspections;
import io.sallyport.config.ConfigServer;
import io.sallyport.config.ConfigSettings;
import io.sallyport.config.api.WatchBounds;
import io.sallyport.config.source.DirectoryListener;
import io.sallyport.config.store.StoreSettings;
import io.sallyport.egress.EgressServer;
import io.sallyport.proto.config.v1.ApplyRequest;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.metric.Metrics;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.runtime.telemetry.Telemetry;
import io.sallyport.runtime.telemetry.TraceSettings;
import io.sallyport.runtime.telemetry.Tracing;
import io.sallyport.xds.XdsServer;
import io.sallyport.xds.status.LiveProbe;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/// config-, xds- and egress-policy-service in this process, joined by gRPC as in `up`, each with its own tracer.
final class SmallPlatform implements AutoCloseable {

    static final Metadata.Key<String> TRACE_PARENT = Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);

    private final Lifecycle lifecycle = new Lifecycle();
    final Metrics metrics = lifecycle.started("metrics", new Metrics());
    final XdsServer xds;
    private final Channel config;
    private final Channel discovery;

    SmallPlatform(Path folder, TraceSettings traces) throws Exception {
        var tracing = lifecycle.started("traces", Tracing.start(traces, metrics.registry()));
        var clock = InstantSource.system();
        var random = RandomGenerator.of("L64X128MixRandom");
        var name = InProcessServerBuilder.generateName();
        var settings = new ConfigSettings(
                new StoreSettings.Sqlite(folder.resolve("config.db")),
                Optional.empty(),
                Optional.empty(),
                WatchBounds.DEFAULT);
        var server = lifecycle.started(
                "config",
                ConfigServer.start(
                        settings, DirectoryListener.SILENT, new Inspections(), clock, telemetry(tracing, "config")));
        server.measure(metrics.registry());
        lifecycle.started(
                "config door",
                GrpcServer.inProcess(name + "-config")
                        .measured("api", metrics)
                        .serve(server.services())
                        .start("config"));
        var toConfig = Channels.inProcess(name + "-config");
        lifecycle.started("config channel", toConfig::shutdownNow);
        config = toConfig;
        xds = lifecycle.started(
                "xds",
                new XdsServer(
                        toConfig,
                        LiveProbe.NONE,
                        io.sallyport.runtime.identity.ProxyLabels.NONE,
                        clock,
                        random,
                        telemetry(tracing, "xds")));
        xds.measure(metrics.registry());
        var egress = lifecycle.started(
                "egress", new EgressServer(toConfig, Optional.empty(), clock, random, telemetry(tracing, "egress")));
        egress.measure(metrics.registry());
        lifecycle.started(
                "xds door",
                GrpcServer.inProcess(name + "-xds")
                        .measured("xds", metrics)
                        .serve(xds.discovery())
                        .start("xds"));
        var toXds = Channels.inProcess(name + "-xds");
        lifecycle.started("xds channel", toXds::shutdownNow);
        discovery = toXds;
        await("a configuration")
                .atMost(Duration.ofSeconds(20))
                .until(() -> xds.missing().isEmpty() && egress.missing().isEmpty());
    }

    private Telemetry telemetry(Tracing tracing, String service) {
        return new Telemetry(metrics.registry(), tracing.of("sallyport-" + service));
    }

    /// The way to aggregated discovery.
    Channel discovery() {
        return discovery;
    }

    /// Applies documents as a caller does that says `traceparent`; answers the revision.
    long apply(String traceparent, String... documents) {
        var headers = new Metadata();
        headers.put(TRACE_PARENT, traceparent);
        var request = ApplyRequest.newBuilder();
        for (var document : documents) {
            request.addUpserts(Resource.newBuilder().setSourceText(document).setSourceName("test.yaml"));
        }
        return ConfigServiceGrpc.newBlockingStub(config)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                .withDeadlineAfter(30, TimeUnit.SECONDS)
                .apply(request.build())
                .getRevision();
    }

    @Override
    public void close() {
        lifecycle.close();
    }
}
