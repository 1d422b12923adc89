package io.sallyport.runtime.http;

import io.dropwizard.core.server.AbstractServerFactory;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.jetty.HttpConnectorFactory;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.Readiness;
import io.sallyport.runtime.metric.Metrics;
import jakarta.servlet.DispatcherType;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The HTTP server of one process: `/healthz`, `/readyz`, `/metrics`, `/version`.
///
/// It uses Dropwizard's environment and Jetty, with virtual threads, but not its admin context. Jersey is left out
/// until
/// there are resources for it: it costs most of the start.
public final class HttpServer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(HttpServer.class);

    private final Server server;
    private final int port;

    private HttpServer(Server server, int port) {
        this.server = server;
        this.port = port;
    }

    /// Starts on an address; port 0 is chosen by the system.
    ///
    /// With a token (on a developer's machine) only loopback names are accepted as `Host`, and whatever is not
    /// health, metrics or version needs the token. Without one, the platform's network policy guards the port.
    public static HttpServer start(
            InetSocketAddress address, Readiness readiness, Metrics metrics, Optional<BearerToken> token)
            throws IOException {
        return start(address, readiness, metrics, token, List.of());
    }

    /// The same with parts of services beside the probes.
    public static HttpServer start(
            InetSocketAddress address,
            Readiness readiness,
            Metrics metrics,
            Optional<BearerToken> token,
            List<Mount> mounts)
            throws IOException {
        var environment = new Environment("sallyport");
        environment.jersey().disable();
        var servlets = environment.servlets();
        token.ifPresent(secret -> servlets.addFilter("door", new LoopbackDoor(secret, mounts))
                .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/*"));
        servlets.addServlet("probes", new ProbeServlet(readiness, metrics)).addMapping("/*");
        mounts.forEach(
                mount -> servlets.addServlet(mount.path(), mount.servlet()).addMapping(mount.path() + "/*"));
        var server = new Factory(address).build(environment);
        try {
            server.start();
        } catch (Exception e) {
            stop(server);
            throw new IOException("HTTP server on " + address + " cannot start: " + e.getMessage(), e);
        }
        return new HttpServer(server, ((ServerConnector) server.getConnectors()[0]).getLocalPort());
    }

    public int port() {
        return port;
    }

    @Override
    public void close() throws IOException {
        stop(server);
    }

    private static void stop(Server server) throws IOException {
        try {
            server.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException e) {
            // Streams never end by themselves; they are cut now.
            log.atDebug().setCause(e).log("HTTP requests under way were cut");
        } catch (Exception e) {
            throw new IOException("HTTP server does not stop: " + e.getMessage(), e);
        }
    }

    /// Dropwizard's server without an admin connector, request log or banner.
    private static final class Factory extends AbstractServerFactory {

        private final InetSocketAddress address;

        Factory(InetSocketAddress address) {
            this.address = address;
            setEnableVirtualThreads(true);
            setShutdownGracePeriod(Duration.seconds(1));
            setDumpAfterStart(false);
            setDumpBeforeStop(false);
            setRegisterDefaultExceptionMappers(false);
        }

        @Override
        public Server build(Environment environment) {
            var server = buildServer(environment.lifecycle(), createThreadPool(environment.metrics()));
            var application = createAppServlet(
                    server,
                    environment.jersey(),
                    environment.getObjectMapper(),
                    environment.getValidator(),
                    environment.getApplicationContext(),
                    environment.getJerseyServletContainer(),
                    environment.metrics());
            var connector = new HttpConnectorFactory();
            connector.setBindHost(address.getHostString());
            connector.setPort(address.getPort());
            connector.setMaxRequestHeaderSize(DataSize.kibibytes(16));
            connector.setIdleTimeout(Duration.seconds(30));
            connector.setUseServerHeader(false);
            connector.setUseDateHeader(false);
            server.addConnector(connector.build(server, environment.metrics(), "http", server.getThreadPool()));
            server.setHandler(application);
            return server;
        }

        @Override
        public void configure(Environment environment) {
            // Nothing: there is one context, at the root.
        }
    }
}
