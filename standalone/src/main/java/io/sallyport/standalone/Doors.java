package io.sallyport.standalone;

import com.google.common.net.HostAndPort;
import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.ServerInterceptor;
import io.sallyport.kubernetes.ClusterSettings;
import io.sallyport.kubernetes.identity.AccessReviews;
import io.sallyport.kubernetes.identity.PodLabels;
import io.sallyport.kubernetes.identity.TokenReviews;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.Readiness;
import io.sallyport.runtime.http.HttpServer;
import io.sallyport.runtime.http.Mount;
import io.sallyport.runtime.identity.Authenticator;
import io.sallyport.runtime.identity.AuthorizationSettings;
import io.sallyport.runtime.identity.Authorizer;
import io.sallyport.runtime.identity.Guard;
import io.sallyport.runtime.identity.Identity;
import io.sallyport.runtime.identity.IdentitySettings;
import io.sallyport.runtime.identity.KnownToken;
import io.sallyport.runtime.identity.OidcTokens;
import io.sallyport.runtime.identity.ProxyLabels;
import io.sallyport.runtime.identity.Revocations;
import io.sallyport.runtime.identity.Rules;
import io.sallyport.runtime.identity.TokenCheck;
import io.sallyport.runtime.metric.Metrics;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.runtime.rpc.PeerClock;
import io.sallyport.runtime.rpc.ServerLimits;
import io.sallyport.runtime.rpc.TokenInterceptor;
import io.sallyport.runtime.tls.Tls;
import io.sallyport.runtime.tls.TlsFiles;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How one service that runs alone listens and calls. With `tls` every door is encrypted and guarded: a call
/// has a known caller and passes the table of methods, or it ends. Without, doors are on loopback alone, and
/// the token opens them.
final class Doors {

    /// What of a service's settings says who may come in.
    interface Security {

        @Nullable TlsFiles tls();

        @Nullable IdentitySettings identity();

        @Nullable AuthorizationSettings authorization();

        @Nullable Path tokenFile();
    }

    // Whether open streams may go on; answers of an API server are kept for as long.
    private static final Duration LOOK = Duration.ofSeconds(10);

    private final Lifecycle lifecycle;
    private final Metrics metrics;
    private final Optional<BearerToken> token;
    // Both or neither.
    private final @Nullable Tls tls;
    private final @Nullable Guard guard;
    private final ProxyLabels labels;
    private final InstantSource clock;

    private Doors(
            Lifecycle lifecycle,
            Metrics metrics,
            InstantSource clock,
            Optional<BearerToken> token,
            @Nullable Tls tls,
            @Nullable Guard guard,
            ProxyLabels labels) {
        this.labels = labels;
        this.lifecycle = lifecycle;
        this.metrics = metrics;
        this.clock = clock;
        this.token = token;
        this.tls = tls;
        this.guard = guard;
    }

    static Doors of(Security security, Lifecycle lifecycle, Metrics metrics, InstantSource clock) throws IOException {
        var file = security.tokenFile();
        var token = file == null
                ? Optional.<BearerToken>empty()
                : Optional.of(BearerToken.readOrCreate(file, new SecureRandom()));
        var files = security.tls();
        if (files == null) {
            if (security.identity() != null || security.authorization() != null) {
                throw new IllegalArgumentException(
                        "identity and authorization (expected: together with tls, since tokens are not taken in plain text)");
            }
            return new Doors(lifecycle, metrics, clock, token, null, null, ProxyLabels.NONE);
        }
        var tls = lifecycle.started("tls", Tls.follow(files, clock));
        tls.measure(metrics.registry());
        var identity = security.identity() == null ? IdentitySettings.NONE : security.identity();
        var checks = new ArrayList<TokenCheck>();
        token.ifPresent(secret -> checks.add(new KnownToken(secret, new Identity.Local())));
        var oidc = identity.oidc();
        if (oidc != null) {
            checks.add(OidcTokens.start(oidc, clock));
        }
        var asked = identity.kubernetes();
        var rights = security.authorization();
        if (asked == null && rights != null && Boolean.TRUE.equals(rights.kubernetes())) {
            throw new IllegalArgumentException(
                    "authorization.kubernetes: true (expected: together with identity.kubernetes)");
        }
        var others = ProxyLabels.NONE;
        var authorizer = rules(rights);
        if (asked != null) {
            var cluster = ClusterSettings.of(Optional.ofNullable(asked.kubeconfig()), List.of());
            var client = lifecycle.started("callers' API server", cluster.connect("callers"));
            // Last, as it takes any text for a token.
            checks.add(new TokenReviews(client, asked.audience()));
            others = new PodLabels(client);
            if (rights != null && Boolean.TRUE.equals(rights.kubernetes())) {
                authorizer = new AccessReviews(client);
            }
        }
        var listed = identity.proxies();
        var labels = ProxyLabels.listed(listed == null ? List.of() : listed, others);
        var list = identity.revoked();
        var revoked = list == null ? Revocations.NONE : lifecycle.started("revocations", Revocations.follow(list));
        var authenticator = new Authenticator(tls, identity.names(), checks, revoked);
        var guard = lifecycle.started("open streams", Guard.following(authenticator, authorizer, LOOK));
        return new Doors(lifecycle, metrics, clock, token, tls, guard, labels);
    }

    private static Authorizer rules(@Nullable AuthorizationSettings settings) {
        var rules = settings == null ? null : settings.rules();
        return rules == null ? Authorizer.NOBODY : new Rules(rules);
    }

    /// Of proxies that prove who they are.
    ProxyLabels labels() {
        return labels;
    }

    /// For calls in this process that bring a caller's token or certificates along.
    Optional<ServerInterceptor> guard() {
        return Optional.ofNullable(guard).map(Guard::inside);
    }

    /// A door for people, tools and other services.
    GrpcServer api(String address, List<BindableService> services) throws IOException {
        var server = on(address, ServerLimits.api()).measured("api", metrics);
        if (guard == null) {
            token.ifPresent(secret -> server.with(new TokenInterceptor(secret)));
        }
        return lifecycle.started("api", server.serve(services).start("api"));
    }

    /// The same for the collector, whose callers have tokens of their own where no guard tells them apart.
    GrpcServer logs(String address, ServerInterceptor callers, List<BindableService> services) throws IOException {
        return lifecycle.started(
                "api",
                on(address, ServerLimits.api())
                        .measured("api", metrics)
                        .with(callers)
                        .serve(services)
                        .start("api"));
    }

    /// A door for proxies. Without `tls` a proxy is believed what it says, as on the xDS port of `up`.
    GrpcServer proxies(String name, String address, ServerLimits limits, List<BindableService> services)
            throws IOException {
        return lifecycle.started(
                name,
                on(address, limits).measured(name, metrics).serve(services).start(name));
    }

    /// A door for secrets: a Unix socket of this user, or with `tls` an address. Answers where it is.
    String secrets(String place, ServerLimits limits, List<BindableService> services) throws IOException {
        if (isAddress(place)) {
            if (guard == null) {
                throw new IllegalArgumentException(
                        "sds \"" + place + "\" (expected: a Unix socket, or tls; keys do not pass in plain text)");
            }
            var address = place.toString();
            return shown(
                    ServiceSettings.any(address),
                    proxies("sds", address, limits, services).port());
        }
        lifecycle.started(
                "sds",
                GrpcServer.on(Path.of(place), limits)
                        .measured("sds", metrics)
                        .serve(services)
                        .start("sds"));
        return place;
    }

    private GrpcServer.Builder on(String address, ServerLimits limits) {
        return tls == null || guard == null
                ? GrpcServer.on(ServiceSettings.loopback(address), limits)
                : GrpcServer.on(ServiceSettings.any(address), limits, tls.server(), guard);
    }

    HttpServer http(String address, Readiness readiness, List<Mount> mounts) throws IOException {
        var server = tls == null
                ? HttpServer.start(ServiceSettings.loopback(address), readiness, metrics, token, mounts)
                : HttpServer.start(ServiceSettings.any(address), readiness, metrics, tls.context(), mounts);
        return lifecycle.started("http", server);
    }

    /// A way to another service, `config`, `xds`, `secret` or `accesslog`: with `tls` our certificate is shown, and
    /// the token stays here. Its clock is compared with ours.
    Channel channel(String peer, String address) {
        var name = peer + " channel";
        var channel = dial(address);
        lifecycle.started(name, channel::shutdownNow);
        lifecycle.started(name + " clock", PeerClock.follow(peer, channel, clock, metrics.registry()));
        return tls != null
                ? channel
                : token.map(secret -> ClientInterceptors.intercept(channel, Channels.bearing(secret)))
                        .orElse(channel);
    }

    /// A bare channel, which the caller closes.
    ManagedChannel dial(String address) {
        if (tls == null) {
            return Channels.to(ServiceSettings.loopback(address));
        }
        var parts = HostAndPort.fromString(address);
        if (!parts.hasPort()) {
            throw new IllegalArgumentException("\"" + address + "\" (expected: host:port)");
        }
        return Channels.to(parts.getHost(), parts.getPort(), tls);
    }

    /// The same to where secrets are.
    ManagedChannel dialSecrets(String place) {
        return isAddress(place) ? dial(place) : Channels.to(Path.of(place));
    }

    // host:port has no slash; a socket in the working directory can be written ./sds.sock.
    static boolean isAddress(String text) {
        var colon = text.lastIndexOf(':');
        return colon > 0
                && text.indexOf('/') < 0
                && colon < text.length() - 1
                && text.substring(colon + 1).chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /// As a person reads it.
    static String shown(InetSocketAddress address, int port) {
        return address.getAddress().getHostAddress() + ":" + port;
    }
}
