package io.sallyport.cli.config;

import io.sallyport.analysis.expansion.Expiry;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Connection;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.Json;
import io.sallyport.cli.server.ServerOptions;
import io.sallyport.model.EgressPolicy;
import io.sallyport.model.Kind;
import io.sallyport.model.read.YamlReader;
import io.sallyport.proto.config.v1.GetRequest;
import io.sallyport.proto.config.v1.ListRequest;
import io.sallyport.proto.config.v1.ListResponse;
import io.sallyport.proto.config.v1.Resource;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Shows objects as their authors wrote them: one as YAML, many as a table.
@Command(name = "get", description = "Show objects: one as it was written, many as a table.")
public final class GetCommand implements Callable<Integer> {

    /// Forms of an answer.
    enum Form {
        yaml,
        json,
        table
    }

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Parameters(index = "0", paramLabel = "KIND", description = "VirtualService, vs, …, or all.")
    private String kind = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "NAME", description = "One object, NAME or NS/NAME.")
    private @Nullable String name;

    @Option(
            names = {"-n", "--namespace"},
            paramLabel = "NS",
            description = "The namespace to look in. Default: default.")
    private @Nullable String namespace;

    @Option(
            names = {"-A", "--all-namespaces"},
            description = "Look in all namespaces.")
    private boolean everywhere;

    @Option(names = "--revision", paramLabel = "N", description = "As it was at a revision. Only for one object.")
    private @Nullable Long revision;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "yaml|json|table",
            description = "How to answer. Default: yaml for one object, table for many.")
    private @Nullable Form form;

    public GetCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        try (var connection = server.connect(dialer)) {
            return name == null ? list(connection) : one(connection, name);
        }
    }

    private int one(Connection connection, String wanted) throws CommandFailedException {
        var request = GetRequest.newBuilder().setRef(ObjectName.read(kind, wanted, namespace));
        if (revision != null) {
            request.setRevision(revision);
        }
        var response = connection.config(stub -> stub.get(request.build()));
        switch (form == null ? Form.yaml : form) {
            case yaml -> terminal.printText(response.getResource().getSourceText());
            case json -> terminal.printJson(Json.of(response));
            case table -> table(connection, List.of(response.getResource())).print(terminal);
        }
        return ExitCode.OK;
    }

    private int list(Connection connection) throws CommandFailedException {
        if (revision != null) {
            throw CommandFailedException.unable("--revision without a name (expected: get KIND NAME --revision N)");
        }
        var wanted = kind.equals("all") ? "" : KindWord.read(kind).text();
        var place = Optional.ofNullable(namespace).orElse("default");
        var found = all(connection, wanted, everywhere ? "" : place);
        if (form == Form.json) {
            terminal.printJson(Json.of(found));
        } else if (found.getResourcesCount() == 0) {
            var what = wanted.isEmpty() ? "nothing" : "no " + wanted;
            terminal.complain(
                    everywhere ? what + " in any namespace" : what + " in namespace \"" + place + "\" (-A: in all)");
        } else if (form == Form.yaml) {
            terminal.printText(documents(found));
        } else {
            table(connection, found.getResourcesList()).print(terminal);
        }
        return ExitCode.OK;
    }

    private static ListResponse all(Connection connection, String kind, String namespace)
            throws CommandFailedException {
        var all = ListResponse.newBuilder();
        var token = "";
        do {
            var request = ListRequest.newBuilder()
                    .setKind(kind)
                    .setNamespace(namespace)
                    .setPageToken(token)
                    .build();
            var page = connection.config(stub -> stub.list(request));
            all.addAllResources(page.getResourcesList()).setRevision(page.getRevision());
            token = page.getNextPageToken();
        } while (!token.isEmpty());
        return all.build();
    }

    private static String documents(ListResponse found) {
        var text = new StringBuilder();
        for (var resource : found.getResourcesList()) {
            text.append("---\n")
                    .append(resource.getSourceText().stripTrailing())
                    .append('\n');
        }
        return text.toString();
    }

    private Table table(Connection connection, List<Resource> resources) throws CommandFailedException {
        if (resources.stream().allMatch(resource -> resource.getRef().getKind().equals(Kind.GATEWAY.text()))) {
            return gateways(selectedProxies(connection), resources);
        }
        if (resources.stream().allMatch(resource -> resource.getRef().getKind().equals(Kind.EGRESS_POLICY.text()))) {
            return policies(resources, terminal.clock().instant());
        }
        var table = new Table("KIND", "NAMESPACE", "NAME", "REVISION", "OWNER", "SOURCE");
        for (var resource : resources) {
            var ref = resource.getRef();
            table.row(
                    ref.getKind(),
                    ref.getNamespace(),
                    ref.getName(),
                    "r" + resource.getRevision(),
                    resource.getOwner(),
                    source(resource));
        }
        return table;
    }

    // The objects can be shown without xds-service; whom they select cannot.
    private SelectedProxies selectedProxies(Connection connection) {
        try {
            return SelectedProxies.of(connection);
        } catch (CommandFailedException away) {
            terminal.complain("which proxies are selected is not known: " + away.getMessage());
            return SelectedProxies.UNKNOWN;
        }
    }

    private static Table gateways(SelectedProxies proxies, List<Resource> gateways) {
        var table = new Table("NAMESPACE", "NAME", "REVISION", "OWNER", "SOURCE", "SELECTS");
        for (var gateway : gateways) {
            var ref = gateway.getRef();
            table.row(
                    ref.getNamespace(),
                    ref.getName(),
                    "r" + gateway.getRevision(),
                    gateway.getOwner(),
                    source(gateway),
                    proxies.by(gateway));
        }
        return table;
    }

    private static Table policies(List<Resource> policies, Instant now) {
        var table = new Table("NAMESPACE", "NAME", "REVISION", "OWNER", "SOURCE", "HOSTS", "EXPIRES");
        for (var policy : policies) {
            var ref = policy.getRef();
            var read = new YamlReader()
                    .readDocument(YamlReader.source(policy.getSourceName(), 1, 0, policy.getSourceText()))
                    .object();
            var spec = read != null && read.spec() instanceof EgressPolicy said
                    ? Optional.of(said)
                    : Optional.<EgressPolicy>empty();
            table.row(
                    ref.getNamespace(),
                    ref.getName(),
                    "r" + policy.getRevision(),
                    policy.getOwner(),
                    source(policy),
                    spec.map(said -> String.join(", ", said.hosts())).orElse("?"),
                    spec.map(said -> expires(said, now)).orElse("?"));
        }
        return table;
    }

    private static String expires(EgressPolicy policy, Instant now) {
        var phase = Expiry.of(policy).map(expiry -> expiry.at(now)).orElse(Expiry.Phase.FAR);
        return switch (phase) {
            case FAR -> policy.expires();
            case NEAR -> policy.expires() + " (soon)";
            case OVER -> policy.expires() + " (ended: nothing is allowed)";
        };
    }

    private static String source(Resource resource) {
        return resource.getSourceName().isEmpty()
                ? ""
                : resource.getSourceName() + ":" + Math.max(1, resource.getFirstLine());
    }
}
