package io.sallyport.standalone;

import io.sallyport.accesslog.CollectorServer;
import io.sallyport.accesslog.api.Callers;
import io.sallyport.accesslog.config.ConfigurationSource;
import io.sallyport.accesslog.config.GrpcConfiguration;
import io.sallyport.accesslog.http.LogServlet;
import io.sallyport.accesslog.web.LogPage;
import io.sallyport.accesslog.web.PageDoor;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.Readiness;
import io.sallyport.runtime.Settings;
import io.sallyport.runtime.SettingsException;
import io.sallyport.runtime.http.HttpServer;
import io.sallyport.runtime.http.Mount;
import io.sallyport.runtime.metric.Metrics;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.runtime.rpc.ServerLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `sallyport service accesslog`: the collector as its own process, with callers of its own.
final class AccessLogService {

    private final InstantSource clock;

    AccessLogService(InstantSource clock) {
        this.clock = clock;
    }

    /// Starts it; returns its doors in words.
    String start(Lifecycle lifecycle, Readiness readiness, Path file) throws SettingsException, IOException {
        var wanted = Settings.read(file, ServiceSettings.AccessLog.class);
        var metrics = lifecycle.started("metrics", new Metrics());
        var collector = lifecycle.started(
                "accesslog-collector",
                CollectorServer.start(wanted.settings(), configuration(lifecycle, wanted), clock, new SecureRandom()));
        collector.measure(metrics.registry());
        collector.resume();
        var known = callers(wanted);
        var callers = new Callers(known);
        var door = lifecycle.started(
                "als",
                GrpcServer.on(ServiceSettings.loopback(wanted.als()), ServerLimits.xds())
                        .measured("als", metrics)
                        .serve(collector.receiver())
                        .start("als"));
        var api = lifecycle.started(
                "api",
                GrpcServer.on(ServiceSettings.loopback(wanted.grpc()), ServerLimits.api())
                        .measured("api", metrics)
                        .with(callers)
                        .serve(collector.api())
                        .start("api"));
        var name = "accesslog-" + api.port();
        lifecycle.started(
                "api in process",
                GrpcServer.inProcess(name).with(callers).serve(collector.api()).start("accesslog"));
        var channel = Channels.inProcess(name);
        lifecycle.started("api channel", channel::shutdownNow);
        var page = new PageDoor(known.stream().map(Callers.Caller::token).toList(), new SecureRandom());
        var http = lifecycle.started(
                "http",
                HttpServer.start(
                        ServiceSettings.loopback(wanted.http()),
                        readiness,
                        metrics,
                        Optional.of(BearerToken.readOrCreate(wanted.tokenFile(), new SecureRandom())),
                        List.of(
                                new Mount(LogServlet.PATH, new LogServlet(channel), true),
                                new Mount(LogPage.PATH, new LogPage(channel, page, clock, () -> ""), true))));
        return "als 127.0.0.1:" + door.port() + " · api 127.0.0.1:" + api.port() + " · http 127.0.0.1:" + http.port();
    }

    private static List<Callers.Caller> callers(ServiceSettings.AccessLog wanted) throws IOException {
        var callers = new ArrayList<Callers.Caller>();
        callers.add(
                new Callers.Caller(BearerToken.readOrCreate(wanted.tokenFile(), new SecureRandom()), Optional.empty()));
        var more = wanted.callers();
        if (more != null) {
            for (var caller : more) {
                callers.add(Callers.Caller.of(BearerToken.read(caller.tokenFile()), caller.namespaces()));
            }
        }
        return callers;
    }

    private ConfigurationSource configuration(Lifecycle lifecycle, ServiceSettings.AccessLog wanted)
            throws IOException {
        var config = wanted.config();
        var xds = wanted.xds();
        var secret = wanted.secret();
        if (config == null || xds == null || secret == null) {
            return ConfigurationSource.NONE;
        }
        return new GrpcConfiguration(
                ServiceCommand.channel(lifecycle, "config channel", config, wanted.tokenFile()),
                ServiceCommand.channel(lifecycle, "xds channel", xds, wanted.tokenFile()),
                ServiceCommand.channel(lifecycle, "secret channel", secret, wanted.tokenFile()),
                clock);
    }
}
