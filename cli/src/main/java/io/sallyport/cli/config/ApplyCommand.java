package io.sallyport.cli.config;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.finding.ReportedFinding;
import io.sallyport.cli.input.Documents;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.RefusedException;
import io.sallyport.cli.server.ServerOptions;
import io.sallyport.cli.server.WireFindings;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.read.DocumentResult;
import io.sallyport.proto.config.v1.ApplyRequest;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Makes one revision of all documents in files, or none: a change is a deployment.
@Command(name = "apply", description = "Make one revision of all documents in files, or of none of them.")
public final class ApplyCommand implements Callable<Integer> {

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private ChangeOptions options = new ChangeOptions();

    @Option(
            names = {"-f", "--file"},
            required = true,
            paramLabel = "FILE|DIR|-",
            description = "What to apply: files, directories, - for standard input. May be repeated.")
    private List<String> files = List.of();

    public ApplyCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        var documents = Documents.read(files, terminal.in());
        var report = new ChangeReport(terminal, options, documents.sources());
        var unreadable = unreadable(documents);
        if (!unreadable.isEmpty()) {
            return report.refused(unreadable, WireFindings.json(unreadable));
        }
        if (documents.size() == 0) {
            throw CommandFailedException.unable(
                    String.join(", ", files) + ": no documents (expected: at least one object)");
        }
        var request = request(documents);
        try (var connection = server.connect(dialer)) {
            return report.accepted(connection, connection.config(stub -> stub.apply(request)));
        } catch (RefusedException refusal) {
            return report.refused(refusal);
        }
    }

    // What does not even say what it is cannot be sent; all else the server judges.
    private static List<ReportedFinding> unreadable(Documents documents) {
        var isUnnamed = documents.documents().anyMatch(document -> document.ref() == null && document.isRefused());
        var isBroken = documents.results().stream()
                .anyMatch(result -> result.fileFindings().stream().anyMatch(finding -> finding.isError()));
        return isUnnamed || isBroken
                ? documents.findings().map(ReportedFinding::of).toList()
                : List.of();
    }

    private ApplyRequest request(Documents documents) throws CommandFailedException {
        var request = ApplyRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setDryRun(options.isDryRun())
                .setMessage(options.message());
        options.expectedRevision().ifPresent(request::setExpectedRevision);
        for (var document : (Iterable<DocumentResult>) documents.documents()::iterator) {
            var resource = resource(document);
            if (resource != null) {
                request.addUpserts(resource);
            }
        }
        return request.build();
    }

    // A kind that Sallyport does not read has no name here; the reader has said so.
    private static @Nullable Resource resource(DocumentResult document) throws CommandFailedException {
        var ref = document.ref();
        if (ref == null) {
            return null;
        }
        if (ref.kind() == Kind.SECRET) {
            throw new CommandFailedException(
                    ExitCode.NO,
                    document.source().name() + ":" + document.source().firstLine() + ": " + ref
                            + " is a secret, and config-service never sees one"
                            + " (expected: the Secret in the directory of \"sallyport up\", or in Kubernetes)");
        }
        return Resource.newBuilder()
                .setRef(wire(ref))
                .setSourceText(document.source().text())
                .setSourceName(document.source().name())
                .setFirstLine(document.source().firstLine())
                .build();
    }

    static ResourceRef wire(ObjectRef ref) {
        return ResourceRef.newBuilder()
                .setKind(ref.kind().text())
                .setNamespace(ref.namespace())
                .setName(ref.name())
                .build();
    }
}
