package io.sallyport.cli.server;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.sallyport.proto.xds.v1.AwaitLiveRequest;
import io.sallyport.proto.xds.v1.AwaitLiveResponse;
import io.sallyport.proto.xds.v1.GetProxyConfigRequest;
import io.sallyport.proto.xds.v1.GetProxyConfigResponse;
import io.sallyport.proto.xds.v1.ListProxiesRequest;
import io.sallyport.proto.xds.v1.ListProxiesResponse;
import io.sallyport.proto.xds.v1.Proxy;
import io.sallyport.proto.xds.v1.ProxyResource;
import io.sallyport.proto.xds.v1.ProxyServiceGrpc;
import java.util.ArrayList;
import java.util.List;

/// An xds-service with the proxies and the resources that a test gives it. A page is one resource.
public final class FakeProxyService extends ProxyServiceGrpc.ProxyServiceImplBase {

    private final List<Proxy> proxies = new ArrayList<>();
    private final List<Any> resources = new ArrayList<>();
    private final List<AwaitLiveResponse> progress = new ArrayList<>();

    public void connect(Proxy proxy) {
        proxies.add(proxy);
    }

    /// What every proxy runs.
    public void run(Message resource) {
        resources.add(Any.pack(resource));
    }

    public void run(Any resource) {
        resources.add(resource);
    }

    /// The next message of every wait.
    public void answerWait(AwaitLiveResponse response) {
        progress.add(response);
    }

    @Override
    public void listProxies(ListProxiesRequest request, StreamObserver<ListProxiesResponse> observer) {
        observer.onNext(ListProxiesResponse.newBuilder().addAllProxies(proxies).build());
        observer.onCompleted();
    }

    @Override
    public void getProxyConfig(GetProxyConfigRequest request, StreamObserver<GetProxyConfigResponse> observer) {
        var isKnown = proxies.stream()
                .anyMatch(proxy -> request.getProxy().equals(proxy.getName())
                        || request.getProxy().equals(proxy.getName() + "." + proxy.getNamespace()));
        if (!isKnown) {
            observer.onError(Status.NOT_FOUND
                    .withDescription("proxy \"" + request.getProxy() + "\" is not connected")
                    .asRuntimeException());
            return;
        }
        var response = GetProxyConfigResponse.newBuilder().setProxy(request.getProxy());
        var asked = resources.stream()
                .filter(resource -> request.getTypesList().contains(resource.getTypeUrl()))
                .toList();
        int at = request.getPageToken().isEmpty() ? 0 : Integer.parseInt(request.getPageToken());
        for (int i = at; i < asked.size(); i++) {
            response.addResources(ProxyResource.newBuilder().setResource(asked.get(i)));
            if (request.getPageBytes() > 0 && i + 1 < asked.size()) {
                response.setNextPageToken(String.valueOf(i + 1));
                break;
            }
        }
        observer.onNext(response.build());
        observer.onCompleted();
    }

    @Override
    public void awaitLive(AwaitLiveRequest request, StreamObserver<AwaitLiveResponse> observer) {
        progress.forEach(response -> observer.onNext(
                response.toBuilder().setRevision(request.getRevision()).build()));
        observer.onCompleted();
    }
}
