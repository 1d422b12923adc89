package io.sallyport.translation.egress;

import com.google.common.net.InetAddresses;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.Translator;
import io.sallyport.translation.egress.Errand.Protocol;
import io.sallyport.translation.link.ClientPolicy;
import io.sallyport.translation.plan.Action;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.Upstream;
import io.sallyport.translation.plan.UpstreamId;
import io.sallyport.translation.simulate.Answer;
import io.sallyport.translation.simulate.Hello;
import io.sallyport.translation.simulate.Request;
import io.sallyport.translation.simulate.TrafficSimulator;
import io.sallyport.translation.simulate.Trail;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/// The door of this package: what becomes of an errand. It asks the simulator what the client's own proxy would do, and
/// where that leads to a gateway, what the gateway would do. So a verdict is never more than what Envoy is given says.
///
/// One instance judges one configuration. It belongs to one thread.
public final class EgressJudge {

    private static final int UNAVAILABLE = 503;
    private static final int MAX_HOPS = 2;
    private static final String CLIENT = "192.0.2.1";
    // Where a client's resolver sends it that no object says: an address of the documentation range.
    private static final String SOMEWHERE = "198.51.100.1";

    private final CheckedImage image;
    private final Translator translator;
    private final GatewayFinder gateways;
    private final NearestMiss nearest;
    private final Map<ProxyClass, TrafficSimulator> simulators = new HashMap<>();

    public EgressJudge(CheckedImage image, Translator translator) {
        this.image = image;
        this.translator = translator;
        this.gateways = new GatewayFinder(image);
        this.nearest =
                new NearestMiss(image.world(), gateways, image.expansions().ended());
    }

    /// What becomes of an errand of one client that comes by one door.
    public Verdict judge(ProxyClass client, Door door, Errand errand) {
        var answer = answer(client, door, errand);
        var verdicts = new ArrayList<Verdict>();
        switch (answer) {
            case Answer.Refused(int port) ->
                verdicts.add(blocked(
                        client,
                        errand,
                        new Symptom(0, "", "connection refused: nobody listens on port " + port),
                        Optional.empty()));
            case Answer.Closed nowhere ->
                verdicts.add(blocked(client, errand, closed(errand, nowhere.reason()), Optional.empty()));
            case Answer.Replied replied ->
                verdicts.add(blocked(client, errand, replied(errand, door, replied), origin(replied.trail())));
            case Answer.Forwarded forwarded ->
                forwarded.shares().stream()
                        .filter(share -> share.weight() > 0)
                        // What is inside a tunnel are bytes.
                        .map(share -> judge(
                                client,
                                errand,
                                share,
                                origin(forwarded.trail()),
                                errand.protocol() == Protocol.HTTP,
                                MAX_HOPS))
                        .forEach(verdicts::add);
            case Answer.Tunnelled tunnelled ->
                tunnelled.shares().stream()
                        .map(share -> judge(client, errand, share, origin(client, tunnelled, errand), false, MAX_HOPS))
                        .forEach(verdicts::add);
        }
        return widest(verdicts);
    }

    // Where a rule splits, the way that escapes control counts.
    private static Verdict widest(List<Verdict> verdicts) {
        return first(verdicts, Verdict.Direct.class::isInstance)
                .or(() -> first(verdicts, Verdict.ThroughGateway.class::isInstance))
                .orElseGet(verdicts::getFirst);
    }

    private static Optional<Verdict> first(List<Verdict> verdicts, Predicate<Verdict> wanted) {
        return verdicts.stream().filter(wanted).findFirst();
    }

    private Answer answer(ProxyClass client, Door door, Errand errand) {
        var simulator = simulator(client);
        var protocol = errand.protocol();
        return switch (door) {
            case REDIRECTED -> {
                var address = address(client, errand);
                yield protocol == Protocol.HTTP
                        ? simulator.redirected(address, request(errand.port(), errand))
                        : simulator.redirected(address, errand.port(), hello(errand));
            }
            case LOCAL_PORT -> {
                int local = client.listen().getOrDefault(Integer.toString(errand.port()), 0);
                yield protocol == Protocol.HTTP
                        ? simulator.answer(request(local, errand))
                        : simulator.connect(local, hello(errand));
            }
            case HTTP_PROXY -> {
                var request = request(client.proxiedPort().orElse(0), errand);
                yield simulator.answer(protocol == Protocol.HTTP ? request : request.withMethod("CONNECT"));
            }
        };
    }

    private TrafficSimulator simulator(ProxyClass proxy) {
        return simulators.computeIfAbsent(proxy, wanted -> new TrafficSimulator(translator.translate(image, wanted)));
    }

    // Where the connection was going: the address itself, or the one that is assigned to the service.
    private String address(ProxyClass client, Errand errand) {
        if (InetAddresses.isInetAddress(errand.host())) {
            return errand.host();
        }
        return image.world().backends(errand.host(), client.namespace()).stream()
                .flatMap(backend -> backend.addresses().stream())
                .filter(address -> !address.contains("/"))
                .findFirst()
                .orElse(SOMEWHERE);
    }

    private static Hello hello(Errand errand) {
        // An address is no server name.
        var name = InetAddresses.isInetAddress(errand.host()) ? "" : errand.host();
        return errand.protocol() == Protocol.TLS
                ? new Hello.Tls(name, List.of("h2", "http/1.1"), false)
                : new Hello.Plain();
    }

    private static Request request(int port, Errand errand) {
        boolean isPlain = errand.protocol() == Protocol.HTTP && errand.port() == 80;
        var host = isPlain ? errand.authority() : errand.toString();
        return new Request(port, new Hello.Plain(), CLIENT, Request.Protocol.HTTP1, "GET", host, "/", List.of());
    }

    private Verdict judge(
            ProxyClass client, Errand errand, Answer.Share share, Optional<Origin> origin, boolean isHttp, int hops) {
        var id = id(share.cluster());
        if (id.isEmpty() || id.get().isOwn()) {
            return judgeOwn(client, errand, share, isHttp);
        }
        var reason = reason(client, id.get(), origin);
        if (!share.state().isEmpty()) {
            return new Verdict.Blocked(
                    isHttp ? unavailable(share) : new Symptom(0, share.state(), unreachable(share) + ": closed"),
                    Optional.empty(),
                    reason,
                    nearest.ofBlocked(client, errand));
        }
        var gateway = gateways.behind(id.get().host());
        if (gateway.isPresent() && hops > 0) {
            return through(client, gateway.get(), errand, id.get(), reason, isHttp);
        }
        return new Verdict.Direct(reason, false, id.get().host(), nearest.ofDirect(client, errand));
    }

    private Verdict judgeOwn(ProxyClass client, Errand errand, Answer.Share share, boolean isHttp) {
        var policy = policyReason(client);
        if (share.cluster().equals(UpstreamId.BLACK_HOLE.host())) {
            return new Verdict.Blocked(
                    errand.protocol() == Protocol.HTTP && !isHttp
                            ? new Symptom(0, "UH", "the connection is accepted and ends (curl: (52) Empty reply)")
                            : closed(errand, "black hole"),
                    Optional.empty(),
                    policy,
                    nearest.ofBlocked(client, errand));
        }
        return new Verdict.Direct(policy, true, "", nearest.ofDirect(client, errand));
    }

    private Verdict through(
            ProxyClass client, ProxyClass gateway, Errand errand, UpstreamId id, Reason reason, boolean isHttp) {
        var name = gateway.namespace() + "/" + gateway.name();
        int port = gateway.listen().getOrDefault(Integer.toString(id.port()), id.port());
        var simulator = simulator(gateway);
        var sni = originated(client, id);
        var hello =
                sni.<Hello>map(server -> new Hello.Tls(server, List.of(), true)).orElseGet(() -> hello(errand));
        var answer = isHttp
                ? simulator.answer(new Request(
                        port,
                        sni.isPresent() ? hello : new Hello.Plain(),
                        CLIENT,
                        Request.Protocol.HTTP2,
                        "GET",
                        errand.port() == 80 ? errand.authority() : errand.toString(),
                        "/",
                        List.of()))
                : simulator.connect(port, hello);
        return switch (answer) {
            case Answer.Forwarded forwarded
            when forwarded.shares().stream().anyMatch(share -> share.state().isEmpty()) ->
                new Verdict.ThroughGateway(
                        name, reason, onward(gateway, forwarded.shares(), origin(forwarded.trail())));
            case Answer.Tunnelled tunnelled
            when tunnelled.shares().stream().anyMatch(share -> share.state().isEmpty()) ->
                new Verdict.ThroughGateway(
                        name, reason, onward(gateway, tunnelled.shares(), origin(gateway, tunnelled, errand)));
            case Answer.Forwarded forwarded ->
                stopped(client, errand, name, unavailable(forwarded.shares().getFirst()), reason);
            case Answer.Tunnelled tunnelled ->
                stopped(
                        client,
                        errand,
                        name,
                        new Symptom(0, tunnelled.shares().getFirst().state(), "the gateway closes the connection"),
                        reason);
            case Answer.Replied replied ->
                stopped(
                        client,
                        errand,
                        name,
                        new Symptom(
                                replied.status(),
                                replied.flags(),
                                replied.status() + " by the gateway " + name + unnamed(replied)),
                        reason);
            case Answer.Closed closed ->
                stopped(
                        client,
                        errand,
                        name,
                        new Symptom(0, "", "the gateway " + name + " closes the connection: " + closed.reason()),
                        reason);
            case Answer.Refused _ ->
                stopped(
                        client,
                        errand,
                        name,
                        new Symptom(
                                isHttp ? UNAVAILABLE : 0,
                                "UF",
                                "the gateway " + name + " does not listen on port " + id.port()),
                        reason);
        };
    }

    private static String unnamed(Answer.Replied replied) {
        return replied.trail().route().object().isEmpty() ? ", which has no route for it" : "";
    }

    private Verdict stopped(ProxyClass client, Errand errand, String gateway, Symptom symptom, Reason reason) {
        return new Verdict.Blocked(symptom, Optional.of(gateway), reason, nearest.ofBlocked(client, errand));
    }

    // The server name of the TLS that the client's proxy itself speaks to the gateway.
    private Optional<String> originated(ProxyClass client, UpstreamId id) {
        return Optional.ofNullable(translator.plan(image, client).upstreams().get(id))
                .flatMap(upstream -> switch (upstream) {
                    case Upstream.Unknown _ -> Optional.<String>empty();
                    case Upstream.Known known ->
                        switch (known.tls()) {
                            case Upstream.Tls.None() -> Optional.<String>empty();
                            case Upstream.Tls.Originate tls ->
                                switch (tls.sni()) {
                                    case Upstream.Tls.Sni.AsRequest() -> Optional.of(id.host());
                                    case Upstream.Tls.Sni.Fixed(var name) -> Optional.of(name);
                                };
                        };
                });
    }

    private Reason onward(ProxyClass gateway, List<Answer.Share> shares, Optional<Origin> origin) {
        return id(shares.getFirst().cluster())
                .map(id -> reason(gateway, id, origin))
                .orElseGet(() -> new Reason("the gateway sends it on", origin));
    }

    // The rule that decided, else the service that is meant.
    private Reason reason(ProxyClass proxy, UpstreamId id, Optional<Origin> origin) {
        var service = Optional.ofNullable(
                        translator.plan(image, proxy).upstreams().get(id))
                .flatMap(upstream -> switch (upstream) {
                    case Upstream.Unknown _ -> Optional.<Origin>empty();
                    case Upstream.Known known -> Optional.of(known.service());
                });
        var rule = origin.filter(found -> found.object().kind() == Kind.VIRTUAL_SERVICE)
                .or(() -> service)
                .or(() -> origin);
        return new Reason(
                rule.map(found -> found.object() + (isRule(found) ? " sends to " : " allows "))
                                .orElse("sent to ")
                        + id.host() + ":" + id.port()
                        + (id.subset().isEmpty() ? "" : ", subset " + id.subset()),
                rule);
    }

    private static boolean isRule(Origin origin) {
        return origin.object().kind() == Kind.VIRTUAL_SERVICE;
    }

    private Reason policyReason(ProxyClass client) {
        var policy = ClientPolicy.of(image.world(), client);
        var text = policy.origin()
                .map(origin -> origin.object() + " says " + policy.mode())
                .orElse(policy.mode() + " is the default");
        return new Reason(
                "nothing that namespace " + client.namespace() + " sees names it, and " + text, policy.origin());
    }

    private Verdict blocked(ProxyClass client, Errand errand, Symptom symptom, Optional<Origin> origin) {
        var reason = origin.filter(EgressJudge::isRule)
                .map(rule -> Reason.of(rule.object() + " answers it itself", rule))
                .orElseGet(() -> policyReason(client));
        return new Verdict.Blocked(symptom, Optional.empty(), reason, nearest.ofBlocked(client, errand));
    }

    private static Symptom closed(Errand errand, String why) {
        return switch (errand.protocol()) {
            case TLS -> new Symptom(0, "UH", "the connection is accepted and ends in the handshake (curl: (35))");
            case HTTP -> new Symptom(0, "UH", "the connection is accepted and ends (curl: (52) Empty reply): " + why);
            case TCP -> new Symptom(0, "UH", "the connection is accepted and ends");
        };
    }

    private static Symptom replied(Errand errand, Door door, Answer.Replied replied) {
        if (door == Door.HTTP_PROXY && errand.protocol() != Protocol.HTTP) {
            var answer = "CONNECT " + errand + " is answered " + replied.status() + " (curl: (56))";
            return new Symptom(replied.status(), replied.flags(), answer);
        }
        var isBlock = replied.trail().virtualHost().equals(ResourceNames.BLOCK_ALL);
        return new Symptom(
                replied.status(),
                replied.flags(),
                isBlock
                        ? "502 Bad Gateway, server: envoy, empty body (route block_all)"
                        : replied.status() + " by the client's own proxy");
    }

    private static Symptom unavailable(Answer.Share share) {
        return new Symptom(UNAVAILABLE, share.state(), "503 with flag " + share.state() + ": " + unreachable(share));
    }

    private static String unreachable(Answer.Share share) {
        return switch (share.state()) {
            case "NC" -> "there is no such service, port or subset (" + share.cluster() + ")";
            case "UH" -> "no endpoint is known (" + share.cluster() + ")";
            default -> share.cluster();
        };
    }

    // Routes name what made them.
    private static Optional<Origin> origin(Trail trail) {
        var object = trail.route().object();
        int space = object.indexOf(' ');
        int slash = object.indexOf('/');
        if (space < 0 || slash < space) {
            return Optional.empty();
        }
        return Kind.of(object.substring(0, space))
                .map(kind -> new ObjectRef(kind, object.substring(space + 1, slash), object.substring(slash + 1)))
                .map(ref -> new Origin(ref, path(trail.route().rule())));
    }

    // As we print it: "spec.http[0]".
    private static Path path(String text) {
        var path = Path.ROOT;
        for (var part : text.isEmpty() ? List.<String>of() : List.of(text.split("[.\\[]", -1))) {
            path = part.endsWith("]")
                    ? path.index(Integer.parseInt(part.substring(0, part.length() - 1)))
                    : path.field(part);
        }
        return path;
    }

    // Chains carry no names of objects, so the one in the plan is looked up that copies to the same places.
    private Optional<Origin> origin(ProxyClass proxy, Answer.Tunnelled tunnelled, Errand errand) {
        var wanted =
                tunnelled.shares().stream().map(Answer.Share::cluster).sorted().toList();
        return translator.plan(image, proxy).listeners().values().stream()
                .filter(listener -> ResourceNames.listener(listener).equals(tunnelled.listener()))
                .flatMap(listener -> listener.chains().stream())
                .filter(chain -> chain.content() instanceof Chain.Content.Tcp tcp
                        && clusters(tcp).equals(wanted))
                .filter(chain -> takes(chain.match(), errand.host()))
                .map(Chain::origin)
                .findFirst();
    }

    private static List<String> clusters(Chain.Content.Tcp tcp) {
        return tcp.shares().stream()
                .filter(share -> share.weight() > 0)
                .map(Action.Share::upstream)
                .map(ResourceNames::cluster)
                .sorted()
                .toList();
    }

    private static boolean takes(Chain.Match match, String host) {
        return !(match instanceof Chain.Match.Names names)
                || names.servers().stream()
                        .anyMatch(server -> HostNames.isSubset(host.toLowerCase(Locale.ROOT), server));
    }

    /// Reads the name of a cluster: `outbound|80|v1|host`, its form for the mesh, or what a proxy has by itself.
    static Optional<UpstreamId> id(String cluster) {
        var parts = cluster.split("\\|", -1);
        if (parts.length != 4) {
            return cluster.startsWith("outbound_.") ? passedOn(cluster) : Optional.of(new UpstreamId(0, "", cluster));
        }
        return Optional.of(new UpstreamId(Integer.parseInt(parts[1]), parts[2], parts[3]));
    }

    private static Optional<UpstreamId> passedOn(String cluster) {
        var parts = cluster.split("_\\.", 4);
        return parts.length == 4
                ? Optional.of(new UpstreamId(
                        Integer.parseInt(parts[1].replace("_", "")), parts[2].replace("_", ""), parts[3], true))
                : Optional.empty();
    }
}
