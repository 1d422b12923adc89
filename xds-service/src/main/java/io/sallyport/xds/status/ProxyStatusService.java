package io.sallyport.xds.status;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.proto.xds.v1.AwaitLiveRequest;
import io.sallyport.proto.xds.v1.AwaitLiveResponse;
import io.sallyport.proto.xds.v1.GetProxyConfigRequest;
import io.sallyport.proto.xds.v1.GetProxyConfigResponse;
import io.sallyport.proto.xds.v1.ListProxiesRequest;
import io.sallyport.proto.xds.v1.ListProxiesResponse;
import io.sallyport.proto.xds.v1.Proxy;
import io.sallyport.proto.xds.v1.ProxyResource;
import io.sallyport.proto.xds.v1.ProxyServiceGrpc;
import io.sallyport.proto.xds.v1.TypeStatus;
import io.sallyport.proto.xds.v1.Withholding;
import io.sallyport.runtime.identity.Access;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceType;
import io.sallyport.xds.discovery.Fleet;
import io.sallyport.xds.discovery.StreamView;
import io.sallyport.xds.publish.Publisher;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// `ProxyService`: reads what the streams reported and changes nothing.
public final class ProxyStatusService extends ProxyServiceGrpc.ProxyServiceImplBase {

    private static final int MOST_WITH_LINES = 500;

    private final Publisher publisher;
    private final Fleet fleet;
    private final Proofs proofs;
    private final Waits waits;

    public ProxyStatusService(Publisher publisher, Fleet fleet, LiveProbe probe, InstantSource clock) {
        this.publisher = publisher;
        this.fleet = fleet;
        this.proofs = new Proofs(probe);
        this.waits = new Waits(publisher, fleet, proofs, clock);
    }

    @Override
    public void listProxies(ListProxiesRequest request, StreamObserver<ListProxiesResponse> answer) {
        var response = ListProxiesResponse.newBuilder().setRevision(publisher.revision());
        try {
            list(response);
        } catch (StatusRuntimeException error) {
            answer.onError(error);
            return;
        }
        answer.onNext(response.build());
        answer.onCompleted();
    }

    private void list(ListProxiesResponse.Builder response) {
        var seen = Seen.current(Access.Verb.LIST);
        connected(seen).stream().map(this::describe).forEach(response::addProxies);
        if (!seen.everything()) {
            return;
        }
        for (var poison : publisher.poisoned()) {
            response.addWithheld(Withholding.newBuilder()
                    .setWhat(poison.object().ref().toString())
                    .setReason(poison.reason())
                    .addAllSources(new Places(publisher.image(), true)
                            .of(List.of(new Origin(poison.object().ref(), Path.ROOT)))));
        }
    }

    @Override
    public void getProxyConfig(GetProxyConfigRequest request, StreamObserver<GetProxyConfigResponse> answer) {
        try {
            answer.onNext(config(request));
            answer.onCompleted();
        } catch (StatusRuntimeException error) {
            answer.onError(error);
        }
    }

    @Override
    public void awaitLive(AwaitLiveRequest request, StreamObserver<AwaitLiveResponse> answer) {
        waits.start(request, answer);
    }

    private List<Fleet.Proxy> connected(Seen seen) {
        return fleet.proxies().stream()
                .filter(proxy -> proxy.lost() == null)
                .filter(proxy -> seen.in(proxy.node().proxies().namespace()))
                .sorted(Comparator.comparing(ProxyStatusService::qualifiedName)
                        .thenComparing(proxy -> proxy.node().id()))
                .toList();
    }

    static String qualifiedName(Fleet.Proxy proxy) {
        return proxy.node().name() + "." + proxy.node().proxies().namespace();
    }

    private Proxy describe(Fleet.Proxy proxy) {
        var node = proxy.node();
        var view = proxy.view();
        var refused = proxy.refused();
        var rejectedTypes = refused.stream()
                .map(refusal -> refusal.resource().type())
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(ResourceType.class)));
        var message = Proxy.newBuilder()
                .setName(node.name())
                .setNamespace(node.proxies().namespace())
                .setKind(node.proxies().role() == ProxyClass.Role.ROUTER ? Proxy.Kind.ROUTER : Proxy.Kind.SIDECAR)
                .putAllLabels(node.proxies().labels())
                .setNodeId(node.id())
                .setEnvoyVersion(node.envoyVersion())
                .setConnected(Times.of(proxy.connected()))
                .setAcknowledgedRevision(view.revision())
                .setLiveRevision(proofs.of(proxy) == LiveProbe.Proof.LIVE ? view.revision() : 0)
                .setDelta(view.delta());
        view.types().forEach(type -> message.addTypes(describe(type, rejectedTypes)));
        withheld(proxy).forEach(message::addWithheld);
        refused.forEach(refusal -> message.addRejections(Rejections.of(refusal, publisher.image())));
        return message.build();
    }

    private List<Withholding> withheld(Fleet.Proxy proxy) {
        var newest = proxy.board().newest();
        if (newest == null || newest.resources().withheld().isEmpty()) {
            return List.of();
        }
        var places = new Places(publisher.image(), true);
        return newest.resources().withheld().stream()
                .map(withheld -> Withholding.newBuilder()
                        .setWhat(withheld.what())
                        .setReason(withheld.reason())
                        .addAllSources(places.of(withheld.origins()))
                        .build())
                .toList();
    }

    private static TypeStatus describe(StreamView.TypeView type, Set<ResourceType> rejected) {
        var message = TypeStatus.newBuilder()
                .setType(type.type().acronym())
                .setState(state(type, rejected))
                .setRevision(type.revision())
                .setResources(type.resources());
        if (type.answered().isAfter(Instant.EPOCH)) {
            message.setTime(Times.of(type.answered()));
        }
        return message.build();
    }

    private static TypeStatus.State state(StreamView.TypeView type, Set<ResourceType> rejected) {
        if (rejected.contains(type.type())) {
            return TypeStatus.State.REJECTED;
        }
        if (type.synced()) {
            return TypeStatus.State.SYNCED;
        }
        return type.sent() ? TypeStatus.State.STALE : TypeStatus.State.NOT_SENT;
    }

    private GetProxyConfigResponse config(GetProxyConfigRequest request) {
        if (request.getPageBytes() < 0) {
            throw Status.INVALID_ARGUMENT
                    .withDescription("page_bytes: %d (expected: 0 or more)".formatted(request.getPageBytes()))
                    .asRuntimeException();
        }
        var after = request.getPageToken().isEmpty() ? null : PageToken.decode(request.getPageToken());
        var proxy = after == null ? find(request.getProxy()) : again(request.getProxy(), after);
        var page = Page.of(proxy, types(request), after, request.getPageBytes());
        var response = GetProxyConfigResponse.newBuilder()
                .setProxy(qualifiedName(proxy))
                .setRevision(proxy.view().revision())
                .setNextPageToken(page.next());
        var places = new Places(publisher.image(), page.resources().size() <= MOST_WITH_LINES);
        page.resources()
                .forEach(resource -> response.addResources(ProxyResource.newBuilder()
                        .setName(resource.name())
                        .setVersion(resource.version())
                        .setResource(resource.toAny())
                        .addAllSources(places.of(resource.origins()))));
        return response.build();
    }

    private static Set<ResourceType> types(GetProxyConfigRequest request) {
        var types = EnumSet.noneOf(ResourceType.class);
        for (var url : request.getTypesList()) {
            types.add(ResourceType.of(url)
                    .orElseThrow(() -> Status.INVALID_ARGUMENT
                            .withDescription("type \"" + url + "\" is not served (expected: one of " + urls() + ")")
                            .asRuntimeException()));
        }
        return types.isEmpty() ? EnumSet.allOf(ResourceType.class) : types;
    }

    private static String urls() {
        return EnumSet.allOf(ResourceType.class).stream()
                .map(type -> '"' + type.url() + '"')
                .collect(Collectors.joining(", "));
    }

    private Fleet.Proxy find(String name) {
        var known = connected(Seen.current(Access.Verb.GET));
        var found = known.stream()
                .filter(proxy -> proxy.node().name().equals(name)
                        || qualifiedName(proxy).equals(name)
                        || proxy.node().id().equals(name))
                .toList();
        if (found.isEmpty()) {
            throw Status.NOT_FOUND
                    .withDescription("no proxy \"%s\" is connected (expected: %s)".formatted(name, names(known)))
                    .asRuntimeException();
        }
        var namespaces = found.stream()
                .map(proxy -> proxy.node().proxies().namespace())
                .distinct()
                .count();
        if (namespaces > 1) {
            throw Status.INVALID_ARGUMENT
                    .withDescription("\"%s\" names several proxies (expected: one of %s)".formatted(name, names(found)))
                    .asRuntimeException();
        }
        return found.getFirst();
    }

    private Fleet.Proxy again(String name, PageToken after) {
        return connected(Seen.current(Access.Verb.GET)).stream()
                .filter(proxy -> proxy.node().id().equals(after.nodeId()))
                .findFirst()
                .orElseThrow(() -> Status.ABORTED
                        .withDescription("proxy \"" + name + "\" went away while its pages were read (read them again)")
                        .asRuntimeException());
    }

    private static String names(List<Fleet.Proxy> proxies) {
        var names = proxies.stream()
                .map(proxy -> '"' + qualifiedName(proxy) + '"')
                .distinct()
                .limit(20)
                .collect(Collectors.joining(", "));
        return names.isEmpty() ? "there is none" : names;
    }
}
