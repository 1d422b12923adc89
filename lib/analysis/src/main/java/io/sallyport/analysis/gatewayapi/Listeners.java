package io.sallyport.analysis.gatewayapi;

import static io.sallyport.analysis.gatewayapi.Condition.Type.ACCEPTED;
import static io.sallyport.analysis.gatewayapi.Condition.Type.CONFLICTED;
import static io.sallyport.analysis.gatewayapi.Condition.Type.RESOLVED_REFS;

import io.sallyport.analysis.gatewayapi.ListenerState.Protocol;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.gatewayapi.KubernetesGateway;
import io.sallyport.model.gatewayapi.KubernetesGateway.RouteKind;
import io.sallyport.model.gatewayapi.KubernetesGateway.TlsMode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Judges the listeners of one Gateway: what each speaks, which secrets it may show, and which of them cannot
/// be told apart. Of those that cannot, the standard wants none to be served.
final class Listeners {

    /// Istio's way to ask clients for certificates.
    static final String MODE_OPTION = "gateway.istio.io/tls-terminate-mode";

    private static final Set<String> MODES = Set.of("MUTUAL", "OPTIONAL_MUTUAL", "SIMPLE", "ISTIO_MUTUAL");

    private final ConfigObject<KubernetesGateway> gateway;
    private final Grants grants;

    private Listeners(ConfigObject<KubernetesGateway> gateway, Grants grants) {
        this.gateway = gateway;
        this.grants = grants;
    }

    static List<ListenerState> of(ConfigObject<KubernetesGateway> gateway, Grants grants) {
        var judge = new Listeners(gateway, grants);
        var states = new ArrayList<ListenerState>();
        for (int i = 0; i < gateway.spec().listeners().size(); i++) {
            var state = new ListenerState(gateway, i);
            judge.protocol(state);
            judge.kinds(state);
            judge.tls(state);
            states.add(state);
        }
        conflicts(states);
        return states;
    }

    private void protocol(ListenerState state) {
        if (state.protocol() == Protocol.OTHER) {
            state.trouble(
                    ACCEPTED,
                    "UnsupportedProtocol",
                    "protocol \"%s\" (expected: HTTP, HTTPS, TLS or TCP)".formatted(state.listener.protocol()),
                    state.path().field("protocol"));
        }
    }

    private void kinds(ListenerState state) {
        if (state.protocol() == Protocol.OTHER) {
            return;
        }
        var allowed = state.listener.allowedRoutes();
        var wanted = allowed == null ? List.<RouteKind>of() : allowed.kinds();
        var possible = new LinkedHashSet<>(state.protocol().routes);
        if (state.passesOn()) {
            possible.remove(Kind.TCP_ROUTE);
        }
        if (wanted.isEmpty()) {
            state.kinds.addAll(possible);
            return;
        }
        for (int i = 0; i < wanted.size(); i++) {
            var kind = wanted.get(i);
            var group = kind.group();
            var known = possible.stream()
                    .filter(each -> each.word().equals(kind.kind()))
                    .filter(each -> group == null || group.equals(each.group()))
                    .findFirst();
            known.ifPresent(state.kinds::add);
            if (known.isEmpty()) {
                state.trouble(
                        RESOLVED_REFS,
                        "InvalidRouteKinds",
                        "kind \"%s\" does not attach to %s (expected: %s)"
                                .formatted(
                                        kind.kind(),
                                        state.listener.protocol(),
                                        String.join(
                                                " or ",
                                                possible.stream()
                                                        .map(Kind::word)
                                                        .toList())),
                        state.path().field("allowedRoutes").field("kinds").index(i));
            }
        }
    }

    private void tls(ListenerState state) {
        var tls = state.listener.tls();
        var protocol = state.protocol();
        if (!protocol.isEncrypted()) {
            return;
        }
        var place = state.path().field("tls");
        if (tls == null) {
            state.trouble(
                    RESOLVED_REFS,
                    "InvalidCertificateRef",
                    "%s without tls (expected: tls.certificateRefs)".formatted(protocol),
                    state.path());
            return;
        }
        if (asksClients(state)) {
            // Serving without the check would let anybody in.
            state.trouble(
                    ACCEPTED,
                    "Invalid",
                    "validation of clients' certificates by authorities of ConfigMaps (expected: none, or the option %s)"
                            .formatted(MODE_OPTION),
                    place);
        }
        var mode = tls.options().getOrDefault(MODE_OPTION, "SIMPLE");
        if (!MODES.contains(mode)) {
            state.trouble(
                    ACCEPTED,
                    "Invalid",
                    "option %s \"%s\" (expected: MUTUAL, OPTIONAL_MUTUAL, ISTIO_MUTUAL or SIMPLE)"
                            .formatted(MODE_OPTION, mode),
                    place.field("options"));
        }
        if (tls.mode() == TlsMode.Passthrough) {
            if (protocol == Protocol.HTTPS) {
                state.trouble(
                        ACCEPTED,
                        "Invalid",
                        "HTTPS with mode \"Passthrough\" (expected: Terminate, or protocol TLS)",
                        place.field("mode"));
            }
            return;
        }
        certificates(state, tls);
    }

    private boolean asksClients(ListenerState state) {
        var tls = state.listener.tls();
        var whole = gateway.spec().tls();
        return (tls != null && tls.frontendValidation() != null)
                || (whole != null && whole.fields().containsKey("frontend"));
    }

    private void certificates(ListenerState state, KubernetesGateway.Tls tls) {
        var place = state.path().field("tls").field("certificateRefs");
        for (int i = 0; i < tls.certificateRefs().size(); i++) {
            var reference = tls.certificateRefs().get(i);
            var kind = reference.kind() == null ? "Secret" : reference.kind();
            var namespace = reference.namespace().isEmpty() ? gateway.namespace() : reference.namespace();
            if (!kind.equals("Secret") || !reference.group().isEmpty()) {
                state.trouble(
                        RESOLVED_REFS,
                        "InvalidCertificateRef",
                        "kind \"%s\" of group \"%s\" (expected: a Secret)".formatted(kind, reference.group()),
                        place.index(i));
            } else if (!grants.allow(
                    Kind.KUBERNETES_GATEWAY, gateway.namespace(), "Secret", namespace, reference.name())) {
                state.trouble(
                        RESOLVED_REFS,
                        "RefNotPermitted",
                        "Secret \"%s/%s\" is of another namespace, which does not lend it (expected: a ReferenceGrant in \"%s\" from Gateway of \"%s\")"
                                .formatted(namespace, reference.name(), namespace, gateway.namespace()),
                        place.index(i));
            } else {
                state.credentials.put(namespace + "/" + reference.name(), place.index(i));
            }
        }
        if (tls.certificateRefs().isEmpty()) {
            state.trouble(
                    RESOLVED_REFS,
                    "InvalidCertificateRef",
                    "no certificate (expected: tls.certificateRefs)",
                    state.path().field("tls"));
        }
    }

    private static void conflicts(List<ListenerState> states) {
        for (var one : states) {
            for (var other : states) {
                if (one == other || one.listener.port() != other.listener.port()) {
                    continue;
                }
                if (!one.protocol().mixesWith(other.protocol())) {
                    clash(one, "ProtocolConflict", "the protocol of listener \"%s\" on port %d", other);
                } else if (one.host().equals(other.host())) {
                    clash(one, "HostnameConflict", "the hostname of listener \"%s\" on port %d", other);
                }
            }
        }
    }

    private static void clash(ListenerState state, String reason, String text, ListenerState other) {
        if (state.first(CONFLICTED).isEmpty()) {
            state.trouble(
                    CONFLICTED,
                    reason,
                    text.formatted(other.listener.name(), state.listener.port())
                            + " cannot be told from this one's (expected: another port"
                            + (reason.equals("HostnameConflict") ? ", or another hostname)" : ")"),
                    state.path());
        }
    }
}
