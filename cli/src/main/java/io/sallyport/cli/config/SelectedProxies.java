package io.sallyport.cli.config;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.server.Connection;
import io.sallyport.model.Gateway;
import io.sallyport.model.read.YamlReader;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.xds.v1.ListProxiesRequest;
import io.sallyport.proto.xds.v1.Proxy;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Which connected proxies a Gateway selects: all whose labels include its selector, and every one without a selector.
/// A Gateway that was meant for one team's proxy and selects the shared one too is seen here.
final class SelectedProxies {

    /// Nobody knows who is connected.
    static final SelectedProxies UNKNOWN = new SelectedProxies(List.of(), "");

    private final List<Proxy> proxies;
    private final String nobody;

    private SelectedProxies(List<Proxy> proxies, String nobody) {
        this.proxies = proxies;
        this.nobody = nobody;
    }

    static SelectedProxies of(Connection connection) throws CommandFailedException {
        return new SelectedProxies(
                connection
                        .proxies(stub -> stub.listProxies(ListProxiesRequest.getDefaultInstance()))
                        .getProxiesList(),
                "none");
    }

    /// `istio-system/shared, hipster/dedicated`; `none` where nobody is selected.
    String by(Resource gateway) {
        var source = YamlReader.source(gateway.getSourceName(), 1, 0, gateway.getSourceText());
        var object = new YamlReader().readDocument(source).object();
        if (object == null || !(object.spec() instanceof Gateway spec)) {
            return "";
        }
        var names = proxies.stream()
                .filter(proxy -> proxy.getKind() != Proxy.Kind.SIDECAR)
                .filter(proxy -> includes(proxy.getLabelsMap(), spec.selector()))
                .map(proxy -> proxy.getNamespace() + "/" + proxy.getName())
                .sorted()
                .collect(Collectors.joining(", "));
        return names.isEmpty() ? nobody : names;
    }

    private static boolean includes(Map<String, String> labels, Map<String, String> selector) {
        return selector.entrySet().stream().allMatch(label -> label.getValue().equals(labels.get(label.getKey())));
    }
}
