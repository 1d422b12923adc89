package io.sallyport.cli.config;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.finding.SourceText;
import io.sallyport.cli.input.Documents;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.RefusedException;
import io.sallyport.cli.server.ServerOptions;
import io.sallyport.model.read.DocumentResult;
import io.sallyport.proto.config.v1.Change;
import io.sallyport.proto.config.v1.DeleteRequest;
import io.sallyport.proto.config.v1.ResourceRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Deletes objects, by name or as the documents in files name them: in one revision. One that does not exist is an
/// error, as with `kubectl`, and keeps no other from being deleted.
@Command(name = "delete", description = "Delete objects by name, or those that files name.")
public final class DeleteCommand implements Callable<Integer> {

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private ChangeOptions options = new ChangeOptions();

    @Parameters(index = "0", arity = "0..1", paramLabel = "KIND", description = "VirtualService, vs, …")
    private @Nullable String kind;

    @Parameters(index = "1", arity = "0..*", paramLabel = "NAME", description = "Objects, NAME or NS/NAME.")
    private List<String> names = List.of();

    @Option(
            names = {"-n", "--namespace"},
            paramLabel = "NS",
            description = "The namespace of the objects. Default: default.")
    private @Nullable String namespace;

    @Option(
            names = {"-f", "--file"},
            paramLabel = "FILE|DIR|-",
            description = "Delete the objects that these documents name.")
    private List<String> files = List.of();

    @Option(names = "--ignore-not-found", description = "Exit 0 also if an object does not exist.")
    private boolean isAbsenceFine;

    public DeleteCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        var request = DeleteRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setDryRun(options.isDryRun())
                .setMessage(options.message())
                .addAllRefs(refs());
        options.expectedRevision().ifPresent(request::setExpectedRevision);
        var report = new ChangeReport(terminal, options, new SourceText(Map.of()));
        try (var connection = server.connect(dialer)) {
            var response = connection.config(stub -> stub.delete(request.build()));
            // What did not exist is not changed by its deletion.
            var absent = response.getChangesList().stream()
                    .filter(change -> change.getVerb() == Change.Verb.UNCHANGED)
                    .map(Change::getRef)
                    .toList();
            if (isAbsenceFine || absent.isEmpty()) {
                return report.accepted(connection, response);
            }
            if (absent.size() < response.getChangesCount() || options.isJson()) {
                report.accepted(connection, response);
            }
            absent.forEach(ref -> terminal.complain("error: " + ObjectName.written(ref)
                    + " does not exist (expected: an object of r" + response.getRevision()
                    + ", or --ignore-not-found)"));
            return ExitCode.NO;
        } catch (RefusedException refusal) {
            return report.refused(refusal);
        }
    }

    private List<ResourceRef> refs() throws CommandFailedException {
        var refs = new ArrayList<ResourceRef>();
        if (kind != null) {
            for (var name : names) {
                refs.add(ObjectName.read(kind, name, namespace));
            }
        }
        if (!files.isEmpty()) {
            Documents.read(files, terminal.in())
                    .documents()
                    .map(DocumentResult::ref)
                    .filter(Objects::nonNull)
                    .map(ApplyCommand::wire)
                    .forEach(refs::add);
        }
        if (refs.isEmpty()) {
            throw CommandFailedException.unable("nothing to delete (expected: delete KIND NAME, or -f FILE)");
        }
        return refs;
    }
}
