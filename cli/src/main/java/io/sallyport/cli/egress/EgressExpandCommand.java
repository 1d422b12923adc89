package io.sallyport.cli.egress;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.expansion.EgressExpansion;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.finding.FindingPrinter;
import io.sallyport.cli.finding.ReportedFinding;
import io.sallyport.cli.input.Documents;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.ServerOptions;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.Kind;
import io.sallyport.proto.config.v1.GetRequest;
import io.sallyport.proto.config.v1.ResourceRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// What an EgressPolicy stands for, as YAML: `egress expand -f policy.yaml`, or `egress expand shop/payments` for one
/// that the server has. Applied in place of the policy, it makes the same Envoy resources.
@Command(
        name = "expand",
        description = "Print the Istio objects that an EgressPolicy stands for, to be read or applied in its place.")
final class EgressExpandCommand implements Callable<Integer> {

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(
            names = {"-f", "--filename"},
            paramLabel = "PATH",
            description = "Files, directories, or - for standard input; needs no server.")
    private List<String> paths = new ArrayList<>();

    @Option(
            names = {"-n", "--namespace"},
            paramLabel = "NS",
            defaultValue = "default",
            description = "The namespace of a policy that is named without one. Default: default.")
    private String namespace = "default";

    @Parameters(paramLabel = "NAME", arity = "0..1", description = "A policy that the server has: NAME or NS/NAME.")
    private String name = "";

    EgressExpandCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        if (paths.isEmpty() == name.isEmpty()) {
            throw CommandFailedException.unable("what to expand (expected: -f PATH, or the NAME of a policy)");
        }
        var documents = name.isEmpty() ? Documents.read(paths, terminal.in()) : stored();
        var findings = new ArrayList<Finding>(documents.findings().toList());
        var policies = documents
                .documents()
                .map(document -> document.object())
                .filter(Objects::nonNull)
                .<ConfigObject<?>>map(object -> object)
                .filter(object -> object.ref().kind() == Kind.EGRESS_POLICY)
                .toList();
        policies.forEach(policy -> findings.addAll(new Analyzer().inspect(policy)));
        if (findings.stream().anyMatch(Finding::isError)) {
            new FindingPrinter(terminal, documents.sources())
                    .print(findings.stream().map(ReportedFinding::of).toList());
            return ExitCode.NO;
        }
        if (policies.isEmpty()) {
            throw CommandFailedException.unable("no EgressPolicy there (expected: one)");
        }
        terminal.printText(policies.stream()
                .flatMap(policy -> EgressExpansion.of(policy).stream())
                .map(EgressExpansion.Derived::text)
                .collect(Collectors.joining("---\n")));
        return ExitCode.OK;
    }

    private Documents stored() throws CommandFailedException {
        int slash = name.indexOf('/');
        var ref = ResourceRef.newBuilder()
                .setKind(Kind.EGRESS_POLICY.text())
                .setNamespace(slash < 0 ? namespace : name.substring(0, slash))
                .setName(name.substring(slash + 1));
        try (var connection = server.connect(dialer)) {
            var request = GetRequest.newBuilder().setRef(ref).build();
            var resource = connection.config(stub -> stub.get(request)).getResource();
            var source = resource.getSourceName().isEmpty() ? "stored" : resource.getSourceName();
            return Documents.of(source, resource.getSourceText());
        }
    }
}
