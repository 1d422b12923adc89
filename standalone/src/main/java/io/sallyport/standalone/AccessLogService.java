package io.sallyport.standalone;

import io.grpc.ServerInterceptor;
import io.sallyport.accesslog.CollectorServer;
import io.sallyport.accesslog.api.Callers;
import io.sallyport.accesslog.api.PermittedRows;
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
import io.sallyport.runtime.http.Mount;
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
        var instruments = Instruments.start(lifecycle);
        var metrics = instruments.metrics();
        var doors = Doors.of(wanted, lifecycle, metrics, clock);
        if (doors.guard().isPresent() && wanted.callers() != null) {
            throw new IllegalArgumentException("callers (expected: rules in authorization, where there is tls)");
        }
        var collector = lifecycle.started(
                "accesslog-collector",
                CollectorServer.start(
                        wanted.settings(),
                        configuration(doors, wanted),
                        clock,
                        new SecureRandom(),
                        instruments.of("accesslog").tracer()));
        collector.measure(metrics.registry());
        collector.resume();
        var known = callers(wanted);
        // With certificates the guard knows the callers; else each has a token of the settings.
        var callers =
                doors.guard().<ServerInterceptor>map(_ -> new PermittedRows()).orElseGet(() -> new Callers(known));
        var door = doors.proxies("als", wanted.als(), ServerLimits.xds(), collector.receiver());
        var api = doors.logs(wanted.grpc(), callers, collector.api());
        var name = "accesslog-" + api.port();
        var inside = GrpcServer.inProcess(name);
        doors.guard().ifPresent(inside::with);
        lifecycle.started(
                "api in process", inside.with(callers).serve(collector.api()).start("accesslog"));
        var channel = Channels.inProcess(name);
        lifecycle.started("api channel", channel::shutdownNow);
        var page = new PageDoor(known.stream().map(Callers.Caller::token).toList(), new SecureRandom());
        var http = doors.http(
                wanted.http(),
                readiness,
                List.of(
                        new Mount(LogServlet.PATH, new LogServlet(channel), true),
                        new Mount(LogPage.PATH, new LogPage(channel, page, clock, () -> ""), true)));
        return "als " + ServiceCommand.shown(wanted.als(), door.port()) + " · api "
                + ServiceCommand.shown(wanted.grpc(), api.port()) + " · http "
                + ServiceCommand.shown(wanted.http(), http.port());
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

    private ConfigurationSource configuration(Doors doors, ServiceSettings.AccessLog wanted) {
        var config = wanted.config();
        var xds = wanted.xds();
        var secret = wanted.secret();
        if (config == null || xds == null || secret == null) {
            return ConfigurationSource.NONE;
        }
        return new GrpcConfiguration(
                doors.channel("config", config), doors.channel("xds", xds), doors.channel("secret", secret), clock);
    }
}
