package io.sallyport.cli.secret;

import com.google.protobuf.Timestamp;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Moments;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Connection;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.Json;
import io.sallyport.cli.server.ServerOptions;
import io.sallyport.proto.secret.v1.ListSecretsRequest;
import io.sallyport.proto.secret.v1.ListSecretsResponse;
import io.sallyport.proto.secret.v1.SecretStatus;
import io.sallyport.proto.secret.v1.ServedName;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Shows by what names gateways serve TLS, which secret stands behind each, and which certificate a handshake
/// shows; and why a secret is not served as it is.
@Command(
        name = "secrets",
        description = "Show TLS secrets: by which names each is served, which certificate, and what is wrong.")
public final class SecretsCommand implements Callable<Integer> {

    private static final int MOST_ASKED = 2_000;

    /// Forms of an answer.
    enum Form {
        SHORT,
        WIDE,
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
            names = "--at",
            paramLabel = "HOST",
            defaultValue = "",
            description = "Ask gateways at this host. Default: at the addresses of this machine that they bind.")
    private String host = "";

    @Option(names = "--no-handshake", description = "Do not ask gateways what they show.")
    private boolean silent;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "short|wide|json",
            description =
                    "How to answer; wide: with issuers, whole serial numbers, and whom clients are checked against."
                            + " Default: short.")
    private Form form = Form.SHORT;

    public SecretsCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException, InterruptedException {
        try (var connection = server.connect(dialer)) {
            var request =
                    ListSecretsRequest.newBuilder().setNamespace(namespace).build();
            var response = connection.secrets(stub -> stub.listSecrets(request));
            var served = new Served(response);
            var names = names(connection, served);
            if (form == Form.JSON) {
                terminal.printJson(
                        Json.of(response.toBuilder().addAllServed(names).build()));
            } else if (response.getSecretsCount() == 0) {
                terminal.complain("no secrets (expected: a v1 Secret in the directory, or secrets/NAMESPACE/NAME/)");
            } else {
                print(response, served, names);
            }
        }
        return ExitCode.OK;
    }

    private List<ServedName> names(Connection connection, Served served)
            throws CommandFailedException, InterruptedException {
        var doors = Doors.of(connection).stream()
                .filter(door -> namespace.isEmpty()
                        || door.secrets().stream().anyMatch(secret -> secret.startsWith(namespace + "/")))
                .toList();
        var asked = silent ? List.<Door>of() : doors.subList(0, Math.min(doors.size(), MOST_ASKED));
        var shown = Handshake.at(asked, host);
        var rows = new ArrayList<ServedName>();
        var unasked = new Handshake.Shown(List.of(), "not asked");
        doors.forEach(door -> rows.addAll(served.at(door, shown.getOrDefault(door, unasked))));
        rows.sort(Comparator.comparing(ServedName::getSni)
                .thenComparing(ServedName::getGateway)
                .thenComparing(ServedName::getAddress)
                .thenComparing(row -> Served.written(row.getSecret())));
        return rows;
    }

    private void print(ListSecretsResponse response, Served served, List<ServedName> names) {
        var isWide = form == Form.WIDE;
        var table = isWide
                ? new Table("SNI", "GATEWAY", "SECRET", "STORED", "SERVED", "EXPIRES", "ISSUER", "CLIENT CA", "STATE")
                : new Table("SNI", "GATEWAY", "SECRET", "SERVED", "EXPIRES", "STATE");
        var used = new HashSet<String>();
        for (var row : names) {
            var secret = Served.written(row.getSecret());
            used.add(secret);
            used.add(Served.written(row.getAuthority()));
            print(table, row, secret, served.status(secret).orElse(SecretStatus.getDefaultInstance()));
        }
        for (var status : response.getSecretsList()) {
            var secret = Served.written(status.getName());
            if (!used.contains(secret) || isBadAuthority(status, names)) {
                print(table, ServedName.getDefaultInstance(), secret, status);
            }
        }
        table.print(terminal);
    }

    // Authorities have no row of their own while they are well.
    private static boolean isBadAuthority(SecretStatus status, List<ServedName> names) {
        return status.getState() != SecretStatus.State.OK
                && names.stream().noneMatch(row -> row.getSecret().equals(status.getName()));
    }

    private void print(Table table, ServedName row, String secret, SecretStatus status) {
        var certificate = status.getCertificate();
        var expires = status.hasCertificate() ? expiry(certificate.getNotAfter()) : "";
        var state = state(row, status);
        if (form == Form.WIDE) {
            table.row(
                    row.getSni(),
                    row.getGateway(),
                    secret,
                    certificate.getSerial(),
                    row.getMeasuredSerial(),
                    expires,
                    certificate.getIssuer(),
                    authority(row),
                    state);
        } else {
            table.row(row.getSni(), row.getGateway(), secret, shortened(row.getMeasuredSerial()), expires, state);
        }
    }

    // The first bytes tell certificates apart.
    private static String shortened(String serial) {
        var shortest = "4e:1a:07".length();
        return serial.length() > shortest ? serial.substring(0, "4e:1a:".length()) + "…" : serial;
    }

    private static String authority(ServedName row) {
        if (!row.hasAuthority()) {
            return "";
        }
        var from = Served.written(row.getAuthority());
        return row.getAuthorityEntry().isEmpty()
                ? "none in " + from
                : String.join(", ", row.getAuthoritySubjectsList()) + " from " + from + " " + row.getAuthorityEntry();
    }

    private String expiry(Timestamp end) {
        var left = Duration.between(terminal.clock().instant(), Instant.ofEpochSecond(end.getSeconds()));
        return left.isNegative() ? "expired" : left.toDays() + " d";
    }

    private String state(ServedName row, SecretStatus status) {
        var text = new StringBuilder(written(status.getState()));
        if (!status.getReason().isEmpty()) {
            text.append(": ").append(status.getReason());
        }
        if (status.getState() == SecretStatus.State.LAST_GOOD_KEPT) {
            var since = Instant.ofEpochSecond(status.getSince().getSeconds());
            text.append(" (since ").append(Moments.written(since, terminal)).append(')');
        }
        if (!row.getMeasuredSerial().isEmpty() && !row.getMeasuredSerial().equals(row.getStoredSerial())) {
            text.append("; the gateway shows ")
                    .append(row.getMeasuredSerial())
                    .append(", stored is ")
                    .append(row.getStoredSerial().isEmpty() ? "none" : row.getStoredSerial());
        } else if (row.getMeasuredSerial().isEmpty() && !row.getStoredSerial().isEmpty() && !silent) {
            text.append("; no certificate was shown: ").append(row.getFailure());
        }
        if (status.hasCertificate()
                && !isFor(row.getSni(), status.getCertificate().getNamesList())) {
            text.append("; the certificate is not for this name (it is for ")
                    .append(String.join(", ", status.getCertificate().getNamesList()))
                    .append(')');
        }
        status.getWarningsList().forEach(warning -> text.append("; ").append(warning));
        return text.toString();
    }

    // As browsers read it: `*` stands for one label. A server for every name cannot be covered.
    private static boolean isFor(String sni, List<String> names) {
        if (sni.isEmpty() || sni.equals("*")) {
            return true;
        }
        var parent = sni.indexOf('.') < 0 ? sni : "*" + sni.substring(sni.indexOf('.'));
        return names.stream().anyMatch(name -> name.equalsIgnoreCase(sni) || name.equalsIgnoreCase(parent));
    }

    private static String written(SecretStatus.State state) {
        return switch (state) {
            case OK -> "ok";
            case LAST_GOOD_KEPT -> "last good kept";
            case UNUSABLE -> "unusable";
            case MISSING -> "missing";
            case STATE_UNSPECIFIED, UNRECOGNIZED -> "not known to secret-service";
        };
    }
}
