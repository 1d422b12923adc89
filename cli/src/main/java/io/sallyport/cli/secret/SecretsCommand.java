package io.sallyport.cli.secret;

import com.google.protobuf.Timestamp;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Moments;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.Json;
import io.sallyport.cli.server.ServerOptions;
import io.sallyport.proto.secret.v1.ListSecretsRequest;
import io.sallyport.proto.secret.v1.SecretStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Shows the TLS secrets that there are or that proxies ask for: which certificate is served, until when, and why a
/// secret is not served as it is.
@Command(
        name = "secrets",
        description = "Show TLS secrets: which certificate is served, and what is wrong with others.")
public final class SecretsCommand implements Callable<Integer> {

    /// Forms of an answer.
    enum Form {
        SHORT,
        JSON
    }

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Option(
            names = {"-n", "--namespace"},
            paramLabel = "NS",
            defaultValue = "",
            description = "Only secrets of this namespace.")
    private String namespace = "";

    @Option(
            names = {"-o", "--output"},
            paramLabel = "short|json",
            description = "How to answer. Default: short.")
    private Form form = Form.SHORT;

    public SecretsCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        try (var connection = server.connect(dialer)) {
            var request =
                    ListSecretsRequest.newBuilder().setNamespace(namespace).build();
            var response = connection.secrets(stub -> stub.listSecrets(request));
            if (form == Form.JSON) {
                terminal.printJson(Json.of(response));
            } else if (response.getSecretsCount() == 0) {
                terminal.complain("no secrets (expected: a v1 Secret in the directory, or secrets/NAMESPACE/NAME/)");
            } else {
                var table = new Table("SECRET", "NAMES", "SERVED", "EXPIRES", "SOURCE", "STATE");
                response.getSecretsList().forEach(status -> row(table, status));
                table.print(terminal);
            }
        }
        return ExitCode.OK;
    }

    private void row(Table table, SecretStatus status) {
        var certificate = status.getCertificate();
        table.row(
                status.getName().getNamespace() + "/" + status.getName().getName(),
                String.join(", ", certificate.getNamesList()),
                certificate.getSerial(),
                status.hasCertificate() ? expiry(certificate.getNotAfter()) : "",
                status.getSource(),
                state(status));
    }

    private String expiry(Timestamp end) {
        var left = Duration.between(terminal.clock().instant(), Instant.ofEpochSecond(end.getSeconds()));
        return left.isNegative() ? "expired" : left.toDays() + " d";
    }

    private String state(SecretStatus status) {
        var text = new StringBuilder(written(status.getState()));
        if (!status.getReason().isEmpty()) {
            text.append(": ").append(status.getReason());
        }
        if (status.getState() == SecretStatus.State.LAST_GOOD_KEPT) {
            var since = Instant.ofEpochSecond(status.getSince().getSeconds());
            text.append(" (since ").append(Moments.written(since, terminal)).append(')');
        }
        status.getWarningsList().forEach(warning -> text.append("; ").append(warning));
        return text.toString();
    }

    private static String written(SecretStatus.State state) {
        return switch (state) {
            case OK -> "ok";
            case LAST_GOOD_KEPT -> "last good kept";
            case UNUSABLE -> "unusable";
            case MISSING -> "missing";
            case STATE_UNSPECIFIED, UNRECOGNIZED -> "";
        };
    }
}
