package io.sallyport.cli.proxy;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.Json;
import io.sallyport.cli.server.ServerOptions;
import io.sallyport.proto.xds.v1.GetProxyConfigRequest;
import io.sallyport.proto.xds.v1.ProxyResource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// What the four subcommands of proxy-config share: which proxy, and in which form.
final class ProxyOptions {

    // A table of a page at least; places and names make an answer somewhat larger.
    private static final int PAGE_BYTES = 8 << 20;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Parameters(
            index = "0",
            paramLabel = "PROXY",
            description = "NAME, NAME.NS or deploy/NAME, as proxy-status lists them.")
    private String proxy = "";

    @Option(
            names = {"-n", "--namespace"},
            paramLabel = "NS",
            description = "The namespace of the proxy.")
    private @Nullable String namespace;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "short|json",
            description = "How to answer. Default: short.")
    private OutputForm form = OutputForm.SHORT;

    boolean isJson() {
        return form == OutputForm.JSON;
    }

    /// All resources of a type that the proxy runs, in the server's order.
    <M extends Message> List<M> resources(Dialer dialer, String typeUrl, Class<M> type) throws CommandFailedException {
        var request = GetProxyConfigRequest.newBuilder()
                .setProxy(ProxyName.read(proxy, namespace))
                .addTypes(typeUrl)
                .setPageBytes(PAGE_BYTES);
        try (var connection = server.connect(dialer)) {
            var found = new ArrayList<M>();
            do {
                var page = connection.proxies(stub -> stub.getProxyConfig(request.build()));
                for (var resource : page.getResourcesList()) {
                    found.add(unpacked(resource, type));
                }
                request.setPageToken(page.getNextPageToken());
            } while (!request.getPageToken().isEmpty());
            return found;
        }
    }

    private static <M extends Message> M unpacked(ProxyResource resource, Class<M> type) throws CommandFailedException {
        try {
            return resource.getResource().unpack(type);
        } catch (InvalidProtocolBufferException malformed) {
            throw CommandFailedException.unable("resource \"" + resource.getName() + "\" is a "
                    + resource.getResource().getTypeUrl() + " (expected: " + type.getSimpleName()
                    + ", from a Sallyport of the same version)");
        }
    }

    static void printJson(Terminal terminal, List<? extends Message> resources) {
        terminal.printJson(Json.array(resources.stream().map(EnvoyJson::of).toList()));
    }

    static @Nullable <M extends Message> M unpacked(Any any, Class<M> type) {
        try {
            return any.is(type) ? any.unpack(type) : null;
        } catch (InvalidProtocolBufferException malformed) {
            return null;
        }
    }
}
