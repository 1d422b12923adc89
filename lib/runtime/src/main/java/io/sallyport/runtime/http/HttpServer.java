package io.sallyport.runtime.http;

import io.dropwizard.core.server.AbstractServerFactory;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.jetty.HttpConnectorFactory;
import io.dropwizard.jetty.HttpsConnectorFactory;
import io.dropwizard.util.DataSize;
import io.dropwizard.util.Duration;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.Readiness;
import io.sallyport.runtime.metric.Metrics;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpFilter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The HTTP server of one process: `/healthz`, `/readyz`, `/metrics`, `/version`.
///
/// It uses Dropwizard's environment and Jetty, with virtual threads, but not its admin context. Jersey is left
/// out until there are resources for it: it costs most of the start.
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
    /// health, metrics or version needs the token.
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
        return start(
                address,
                readiness,
                metrics,
                Optional.empty(),
                mounts,
                token.map(secret -> new LoopbackDoor(secret, mounts)));
    }

    /// Starts where other machines reach it: with TLS, and only with parts that ask for their callers themselves.
    public static HttpServer start(
            InetSocketAddress address, Readiness readiness, Metrics metrics, SSLContext tls, List<Mount> mounts)
            throws IOException {
        mounts.stream().filter(mount -> !mount.knowsCallers()).findFirst().ifPresent(open -> {
            throw new IllegalArgumentException(
                    open.path() + " is open to everybody (expected: a part that knows callers)");
        });
        return start(address, readiness, metrics, Optional.of(tls), mounts, Optional.of(new PlatformDoor()));
    }

    private static HttpServer start(
            InetSocketAddress address,
            Readiness readiness,
            Metrics metrics,
            Optional<SSLContext> tls,
            List<Mount> mounts,
            Optional<HttpFilter> door)
            throws IOException {
        var environment = new Environment("sallyport");
        environment.jersey().disable();
        var servlets = environment.servlets();
        door.ifPresent(filter -> servlets.addFilter("door", filter)
                .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/*"));
        servlets.addServlet("probes", new ProbeServlet(readiness, metrics)).addMapping("/*");
        mounts.forEach(
                mount -> servlets.addServlet(mount.path(), mount.servlet()).addMapping(mount.path() + "/*"));
        var server = new Factory(address, tls).build(environment);
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
        private final Optional<SSLContext> tls;

        Factory(InetSocketAddress address, Optional<SSLContext> tls) {
            this.address = address;
            this.tls = tls;
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
            var connector = tls.<HttpConnectorFactory>map(Secured::new).orElseGet(HttpConnectorFactory::new);
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

    /// Dropwizard's connector with certificates that change, in place of a key store.
    private static final class Secured extends HttpsConnectorFactory {

        private final SSLContext context;

        Secured(SSLContext context) {
            this.context = context;
        }

        @Override
        protected SslContextFactory.Server configureSslContextFactory(SslContextFactory factory) {
            var server = (SslContextFactory.Server) factory;
            server.setSslContext(context);
            server.setWantClientAuth(true);
            server.setIncludeProtocols("TLSv1.3", "TLSv1.2");
            return server;
        }

        // Probes and scrapers come by address, without a name in the handshake.
        @Override
        protected HttpConfiguration buildHttpConfiguration() {
            var configuration = super.buildHttpConfiguration();
            configuration.getCustomizers().removeIf(SecureRequestCustomizer.class::isInstance);
            configuration.addCustomizer(new SecureRequestCustomizer(false));
            return configuration;
        }
    }
}
