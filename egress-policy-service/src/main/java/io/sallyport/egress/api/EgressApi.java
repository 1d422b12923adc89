package io.sallyport.egress.api;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.StreamObserver;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.analysis.expansion.EgressExpansion;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.analysis.text.AutoAddresses;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.analysis.world.Backend;
import io.sallyport.egress.policy.NotReadyException;
import io.sallyport.egress.policy.PolicyBoard;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.ServiceEntry;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.egress.v1.AuditRequest;
import io.sallyport.proto.egress.v1.AuditResponse;
import io.sallyport.proto.egress.v1.Client;
import io.sallyport.proto.egress.v1.CoverageRequest;
import io.sallyport.proto.egress.v1.CoverageResponse;
import io.sallyport.proto.egress.v1.Destination;
import io.sallyport.proto.egress.v1.EgressPolicyServiceGrpc;
import io.sallyport.proto.egress.v1.EvaluateRequest;
import io.sallyport.proto.egress.v1.EvaluateResponse;
import io.sallyport.proto.egress.v1.ExternalPort;
import io.sallyport.proto.egress.v1.ExternalService;
import io.sallyport.proto.egress.v1.ListExternalServicesRequest;
import io.sallyport.proto.egress.v1.ListExternalServicesResponse;
import io.sallyport.proto.egress.v1.LockdownRequest;
import io.sallyport.proto.egress.v1.LockdownResponse;
import io.sallyport.proto.egress.v1.Seen;
import io.sallyport.proto.egress.v1.SuggestRequest;
import io.sallyport.proto.egress.v1.SuggestResponse;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.Translator;
import io.sallyport.translation.egress.Clients;
import io.sallyport.translation.egress.Coverage;
import io.sallyport.translation.egress.Door;
import io.sallyport.translation.egress.EgressJudge;
import io.sallyport.translation.egress.Errand;
import io.sallyport.translation.egress.Lockdown;
import io.sallyport.translation.egress.Suggestion;
import io.sallyport.translation.egress.Suggestion.Wish;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `EgressPolicyService` over gRPC. Whoever asks is told what Envoy does, never more.
public final class EgressApi extends EgressPolicyServiceGrpc.EgressPolicyServiceImplBase {

    private static final int MAX_CELLS = 100_000;
    private static final int MAX_DESTINATIONS = 10_000;
    private static final int MAX_HOST = 255;
    private static final int PORTS = 65_535;
    private static final long LAST_USER = 0xFFFF_FFFEL;

    private final PolicyBoard board;
    private final SeenDestinations seen;

    public EgressApi(PolicyBoard board, SeenDestinations seen) {
        this.board = board;
        this.seen = seen;
    }

    @Override
    public void evaluate(EvaluateRequest request, StreamObserver<EvaluateResponse> observer) {
        answer(observer, () -> {
            var errand = errand(request.getHost(), request.getPort(), request.getProtocol());
            var wanted = request.getClient();
            requireNamespace(wanted);
            return board.ask((image, translator) -> {
                var client = client(image, wanted);
                var door = door(request, client);
                requireDoor(client, door, errand);
                // Callers may name any labels: nothing is remembered for classes that they make up.
                var own = Clients.of(image).contains(client) ? translator : new Translator();
                var verdict = new EgressJudge(image, own).judge(client, door, errand);
                return EvaluateResponse.newBuilder()
                        .setVerdict(new Wire(image).verdict(verdict))
                        .setDoor(Wire.door(door))
                        .setRevision(image.image().revision())
                        .build();
            });
        });
    }

    private static Door door(EvaluateRequest request, ProxyClass client) {
        return switch (request.getDoor()) {
            case REDIRECTED -> Door.REDIRECTED;
            case HTTP_PROXY -> Door.HTTP_PROXY;
            case LOCAL_PORT -> Door.LOCAL_PORT;
            case DOOR_UNSPECIFIED, UNRECOGNIZED -> Door.of(client).getFirst();
        };
    }

    private static void requireDoor(ProxyClass client, Door door, Errand errand) throws StatusException {
        var who = client.namespace() + (client.name().isEmpty() ? "" : "/" + client.name());
        switch (door) {
            case REDIRECTED -> {
                if (!client.isRedirected()) {
                    throw missing(who, "takes redirected connections", "outbound: PORT");
                }
            }
            case HTTP_PROXY -> {
                if (client.proxiedPort().isEmpty()) {
                    throw missing(who, "takes HTTP_PROXY", "http-proxy: PORT");
                }
            }
            case LOCAL_PORT -> {
                if (!client.listen().containsKey(Integer.toString(errand.port()))) {
                    throw missing(who, "stands for port " + errand.port(), errand.port() + ": PORT");
                }
            }
        }
    }

    private static StatusException missing(String client, String port, String setting) {
        return invalid(
                "client \"%s\" has no port that %s (expected: listen: {%s} of its proxy in sallyport.yaml, or another door)"
                        .formatted(client, port, setting));
    }

    @Override
    public void listExternalServices(
            ListExternalServicesRequest request, StreamObserver<ListExternalServicesResponse> observer) {
        answer(
                observer,
                () -> board.ask((image, _) -> {
                    var wire = new Wire(image);
                    var out = ListExternalServicesResponse.newBuilder()
                            .setRevision(image.image().revision());
                    var policies = new PolicyEntries(image, wire);
                    for (var host : image.world().hosts()) {
                        if (EgressExpansion.isNobody(host)) {
                            continue;
                        }
                        image.world().backends(host).stream()
                                .filter(backend -> request.getNamespace().isEmpty()
                                        || backend.visibility().visibleTo(request.getNamespace()))
                                .forEach(backend -> entry(image, backend)
                                        .ifPresent(entry -> out.addServices(
                                                policies.dated(backend, service(image, backend, entry, wire)))));
                    }
                    out.addAllServices(policies.ended(request.getNamespace()));
                    return out.build();
                }));
    }

    private static Optional<ServiceEntry> entry(CheckedImage image, Backend backend) {
        return image.image()
                .find(backend.origin().object())
                .map(ConfigObject::spec)
                .filter(ServiceEntry.class::isInstance)
                .map(ServiceEntry.class::cast)
                .filter(entry -> entry.location() == ServiceEntry.Location.MESH_EXTERNAL);
    }

    private static ExternalService service(CheckedImage image, Backend backend, ServiceEntry entry, Wire wire) {
        var out = ExternalService.newBuilder()
                .setHost(backend.host())
                .setResolution(entry.resolution().name())
                .addAllAddresses(backend.addresses())
                .addAllVisibleTo(backend.visibility().exportTo())
                .setLocation(wire.location(backend.origin()));
        out.addAllPorts(ports(entry));
        image.world()
                .automaticAddress(backend.namespace(), backend.host())
                .filter(_ -> backend.addresses().isEmpty())
                .ifPresent(four -> out.addAutomaticAddresses(four).addAutomaticAddresses(AutoAddresses.six(four)));
        return out.build();
    }

    static List<ExternalPort> ports(ServiceEntry entry) {
        return entry.ports().stream()
                .map(port -> ExternalPort.newBuilder()
                        .setNumber(port.number())
                        .setProtocol(port.protocol())
                        .build())
                .toList();
    }

    @Override
    public void coverage(CoverageRequest request, StreamObserver<CoverageResponse> observer) {
        answer(observer, () -> {
            var out = board.ask((image, translator) -> coverage(image, translator, request.getNamespace()));
            if (out.getCellsCount() > MAX_CELLS) {
                throw Status.RESOURCE_EXHAUSTED
                        .withDescription("more than " + MAX_CELLS + " cells (expected: one namespace at a time)")
                        .asException();
            }
            return out;
        });
    }

    private static CoverageResponse coverage(CheckedImage image, Translator translator, String namespace) {
        var wire = new Wire(image);
        var out = CoverageResponse.newBuilder().setRevision(image.image().revision());
        var coverage = new Coverage(image, translator);
        for (var client : coverage.clients()) {
            if ((namespace.isEmpty() || client.namespace().equals(namespace)) && out.getCellsCount() <= MAX_CELLS) {
                coverage.cells(client).forEach(cell -> out.addCells(wire.cell(cell)));
            }
        }
        return out.build();
    }

    @Override
    public void audit(AuditRequest request, StreamObserver<AuditResponse> observer) {
        answer(observer, () -> {
            var found = seen.between(clients(request.getNamespace()), request.getFrom(), request.getTo());
            var wishes = SeenDestinations.wishes(found);
            return board.ask((image, translator) -> {
                var wire = new Wire(image);
                var judge = new EgressJudge(image, translator);
                var out = AuditResponse.newBuilder()
                        .setGap(found.gap())
                        .setRows(found.rows())
                        .setRevision(image.image().revision());
                for (var wish : wishes) {
                    var count = found.counts().get(wish);
                    if (count != null) {
                        out.addSeen(Seen.newBuilder()
                                .setClient(Wire.client(wish.client()))
                                .setHost(wish.errand().host())
                                .setPort(wish.errand().port())
                                .setProtocol(Wire.protocol(wish.errand().protocol()))
                                .setCount(count.all())
                                .setBlocked(count.blocked())
                                .setLast(SeenDestinations.timestamp(count.last()))
                                .setVerdict(wire.verdict(judge.judge(
                                        wish.client(), Door.of(wish.client()).getFirst(), wish.errand()))));
                    }
                }
                return out.build();
            });
        });
    }

    private List<ProxyClass> clients(String namespace) throws NotReadyException {
        return board.ask((image, _) -> Clients.of(image).stream()
                .filter(client -> !client.name().isEmpty())
                .filter(client -> namespace.isEmpty() || client.namespace().equals(namespace))
                .toList());
    }

    @Override
    public void suggest(SuggestRequest request, StreamObserver<SuggestResponse> observer) {
        answer(observer, () -> {
            var out = SuggestResponse.newBuilder();
            var wishes = new ArrayList<Wish>();
            if (request.getDestinationsCount() > MAX_DESTINATIONS) {
                throw invalid("destinations: " + request.getDestinationsCount() + " (expected: at most "
                        + MAX_DESTINATIONS + ")");
            }
            for (var destination : request.getDestinationsList()) {
                wishes.add(wish(destination));
            }
            if (wishes.isEmpty()) {
                var found = seen.between(clients(request.getNamespace()), request.getFrom(), request.getTo());
                out.setGap(found.gap());
                wishes.addAll(SeenDestinations.wishes(found));
            }
            return board.ask((image, _) -> {
                var suggestion = Suggestion.of(image, new Translator(), wishes, !request.getEntriesOnly());
                for (var document : suggestion.documents()) {
                    out.addResources(Resource.newBuilder()
                            .setRef(Wire.ref(document.ref()))
                            .setSourceText(document.text())
                            .setSourceName("egress-suggestion.yaml")
                            .setFirstLine(1));
                }
                return out.addAllRemarks(suggestion.remarks())
                        .setDeclared(suggestion.declared())
                        .setRevision(image.image().revision())
                        .build();
            });
        });
    }

    @Override
    public void lockdown(LockdownRequest request, StreamObserver<LockdownResponse> observer) {
        answer(observer, () -> {
            for (var namespace : request.getNamespacesList()) {
                if (!Hosts.isLabel(namespace)) {
                    throw invalid("namespaces: \"" + namespace + "\" (expected: the name of a namespace)");
                }
            }
            return switch (request.getForm()) {
                case NETWORK_POLICY ->
                    board.ask((image, translator) ->
                            text(image, networkPolicy(new Lockdown(image, translator), request)));
                case NFTABLES -> {
                    var rules = Lockdown.nftables(machine(request));
                    yield board.ask((image, _) -> text(image, rules));
                }
                case FORM_UNSPECIFIED, UNRECOGNIZED -> throw invalid("form (expected: NETWORK_POLICY or NFTABLES)");
            };
        });
    }

    private static LockdownResponse text(CheckedImage image, String text) {
        return LockdownResponse.newBuilder()
                .setText(text)
                .setRevision(image.image().revision())
                .build();
    }

    private static String networkPolicy(Lockdown lockdown, LockdownRequest request) {
        return lockdown.networkPolicy(
                request.getNamespacesCount() == 0 ? lockdown.namespaces() : request.getNamespacesList());
    }

    private static Lockdown.Machine machine(LockdownRequest request) throws StatusException {
        for (var server : request.getNameServersList()) {
            if (!Addresses.isAddress(server)) {
                throw invalid("name_servers: \"" + server + "\" (expected: an IP address)");
            }
        }
        var users = new ArrayList<Long>(request.getOtherUsersList());
        users.add(request.getProxyUser());
        for (var user : users) {
            if (user < 0 || user > LAST_USER) {
                throw invalid("user " + user + " (expected: 0 to " + LAST_USER + ")");
            }
        }
        return new Lockdown.Machine(request.getProxyUser(), request.getNameServersList(), request.getOtherUsersList());
    }

    private Wish wish(Destination destination) throws StatusException, NotReadyException {
        var wanted = destination.getClient();
        requireNamespace(wanted);
        var errand = errand(destination.getHost(), destination.getPort(), destination.getProtocol());
        return new Wish(board.ask((image, _) -> client(image, wanted)), errand);
    }

    private static ProxyClass client(CheckedImage image, Client wanted) {
        return Clients.named(image, wanted.getNamespace(), wanted.getName(), wanted.getLabelsMap());
    }

    private static void requireNamespace(Client client) throws StatusException {
        if (client.getNamespace().isEmpty()) {
            throw invalid("client.namespace: \"\" (expected: the namespace of the client)");
        }
    }

    private static Errand errand(String host, int port, io.sallyport.proto.egress.v1.Protocol protocol)
            throws StatusException {
        if (host.isEmpty() || host.length() > MAX_HOST) {
            throw invalid("host: \"" + host + "\" (expected: a name or an address)");
        }
        if (port < 1 || port > PORTS) {
            throw invalid("port: " + port + " (expected: 1 to 65535)");
        }
        return new Errand(
                host,
                port,
                switch (protocol) {
                    case HTTP, PROTOCOL_UNSPECIFIED, UNRECOGNIZED -> Errand.Protocol.HTTP;
                    case TLS -> Errand.Protocol.TLS;
                    case TCP -> Errand.Protocol.TCP;
                });
    }

    private static StatusException invalid(String message) {
        return Status.INVALID_ARGUMENT.withDescription(message).asException();
    }

    private interface Question<T> {
        T answer() throws StatusException, NotReadyException;
    }

    private static <T> void answer(StreamObserver<T> observer, Question<T> question) {
        try {
            var answer = question.answer();
            observer.onNext(answer);
            observer.onCompleted();
        } catch (StatusException refused) {
            observer.onError(refused);
        } catch (NotReadyException e) {
            observer.onError(Status.UNAVAILABLE.withDescription(e.getMessage()).asException());
        }
    }
}
