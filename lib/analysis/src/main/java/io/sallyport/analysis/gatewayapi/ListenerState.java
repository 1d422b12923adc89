package io.sallyport.analysis.gatewayapi;

import com.google.common.collect.ImmutableSet;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.gatewayapi.KubernetesGateway;
import io.sallyport.model.gatewayapi.KubernetesGateway.Listener;
import io.sallyport.model.gatewayapi.KubernetesGateway.RouteKind;
import io.sallyport.model.gatewayapi.KubernetesGateway.TlsMode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// One listener of a Gateway of ours while an image is judged.
final class ListenerState {

    final ConfigObject<KubernetesGateway> gateway;
    final int index;
    final Listener listener;
    final Set<Kind> kinds = new LinkedHashSet<>();
    final List<Condition> troubles = new ArrayList<>();
    /// The credentials of its server, each with the place that names it.
    final Map<String, Path> credentials = new LinkedHashMap<>();
    /// The Istio Gateways that it is spelled as: one for each door.
    final List<String> names = new ArrayList<>();
    /// The hosts of the routes that are attached, by the routes' kind.
    final Map<Kind, TakenHosts> taken = new EnumMap<>(Kind.class);
    int attached;

    ListenerState(ConfigObject<KubernetesGateway> gateway, int index) {
        this.gateway = gateway;
        this.index = index;
        this.listener = gateway.spec().listeners().get(index);
    }

    Path path() {
        return Path.of("spec", "listeners").index(index);
    }

    String host() {
        return listener.hostname().isEmpty() ? "*" : listener.hostname().toLowerCase(Locale.ROOT);
    }

    Protocol protocol() {
        return Protocol.of(listener.protocol());
    }

    boolean passesOn() {
        var tls = listener.tls();
        return tls != null && tls.mode() == TlsMode.Passthrough;
    }

    /// Whether routes may attach: nothing is wrong with the listener as such.
    boolean isAccepted() {
        return troubles.stream()
                .noneMatch(trouble ->
                        trouble.type() == Condition.Type.ACCEPTED || trouble.type() == Condition.Type.CONFLICTED);
    }

    /// Whether it is spelled at all.
    boolean isServed() {
        boolean lacksCertificate =
                (protocol() == Protocol.HTTPS || protocol() == Protocol.TLS) && !passesOn() && credentials.isEmpty();
        return isAccepted() && !names.isEmpty() && !lacksCertificate;
    }

    /// Whether a more special listener beside this one takes a host away from it.
    boolean yields(String host, List<ListenerState> all) {
        return all.stream()
                .filter(other -> other != this && other.isAccepted())
                .filter(other -> other.listener.port() == listener.port() && other.protocol() == protocol())
                .filter(other -> !other.host().equals(host()) && HostNames.isSubset(other.host(), host()))
                .anyMatch(other -> HostNames.isSubset(host, other.host()));
    }

    List<RouteKind> supportedKinds() {
        return kinds.stream()
                .map(kind -> new RouteKind(kind.group(), kind.word()))
                .toList();
    }

    void trouble(Condition.Type type, String reason, String message, Path place) {
        troubles.add(
                type == Condition.Type.CONFLICTED
                        ? new Condition(type, true, reason, message, place)
                        : Condition.no(type, reason, message, place));
    }

    Optional<Condition> first(Condition.Type type) {
        return troubles.stream().filter(trouble -> trouble.type() == type).findFirst();
    }

    /// What a listener speaks.
    enum Protocol {
        HTTP(Kind.HTTP_ROUTE, Kind.GRPC_ROUTE),
        HTTPS(Kind.HTTP_ROUTE, Kind.GRPC_ROUTE),
        TLS(Kind.TLS_ROUTE, Kind.TCP_ROUTE),
        TCP(Kind.TCP_ROUTE),
        OTHER;

        final ImmutableSet<Kind> routes;

        Protocol(Kind... routes) {
            this.routes = ImmutableSet.copyOf(routes);
        }

        static Protocol of(String text) {
            return switch (text) {
                case "HTTP" -> HTTP;
                case "HTTPS" -> HTTPS;
                case "TLS" -> TLS;
                case "TCP" -> TCP;
                default -> OTHER;
            };
        }

        /// What can share a port: names tell encrypted ones apart.
        boolean mixesWith(Protocol other) {
            return this == other || (isEncrypted() && other.isEncrypted());
        }

        boolean isEncrypted() {
            return this == HTTPS || this == TLS;
        }
    }
}
