package io.sallyport.cli.egress;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.proto.config.v1.Location;
import io.sallyport.proto.egress.v1.Client;
import io.sallyport.proto.egress.v1.Door;
import io.sallyport.proto.egress.v1.Protocol;
import io.sallyport.proto.egress.v1.Reason;
import io.sallyport.proto.egress.v1.Verdict;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// How clients, places and verdicts are read and written on the command line.
final class Words {

    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;
    private static final int PORTS = 65_535;
    private static final String EXPECTED_CLIENT =
            " (expected: NAMESPACE, NAMESPACE/NAME or NAMESPACE/LABEL=VALUE,LABEL=VALUE)";
    private static final String EXPECTED_PLACE =
            " (expected: http://HOST[:PORT], https://HOST[:PORT], tls://HOST:PORT or tcp://HOST:PORT)";

    /// What is to be reached.
    record Place(String host, int port, Protocol protocol) {}

    private Words() {}

    /// Reads `default/app=sleep`.
    static Client client(String text) throws CommandFailedException {
        int slash = text.indexOf('/');
        var client = Client.newBuilder().setNamespace(slash < 0 ? text : text.substring(0, slash));
        if (client.getNamespace().isEmpty()) {
            throw CommandFailedException.unable("client \"" + text + "\"" + EXPECTED_CLIENT);
        }
        if (slash < 0) {
            return client.build();
        }
        var rest = text.substring(slash + 1);
        if (!rest.contains("=")) {
            return client.setName(rest).build();
        }
        for (var label : rest.split(",", -1)) {
            int equals = label.indexOf('=');
            if (equals < 1) {
                throw CommandFailedException.unable(
                        "label \"" + label + "\" of client \"" + text + "\"" + EXPECTED_CLIENT);
            }
            client.putLabels(label.substring(0, equals), label.substring(equals + 1));
        }
        return client.build();
    }

    /// Reads `https://www.google.com`.
    static Place place(String text) throws CommandFailedException {
        URI url;
        try {
            url = URI.create(text);
        } catch (IllegalArgumentException e) {
            throw CommandFailedException.unable("\"" + text + "\"" + EXPECTED_PLACE);
        }
        var host = url.getHost();
        var scheme = url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
        if (host == null) {
            throw CommandFailedException.unable("\"" + text + "\"" + EXPECTED_PLACE);
        }
        var bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        return switch (scheme) {
            case "http" -> place(text, bare, url.getPort() < 0 ? HTTP_PORT : url.getPort(), Protocol.HTTP);
            case "https" -> place(text, bare, url.getPort() < 0 ? HTTPS_PORT : url.getPort(), Protocol.TLS);
            case "tls" -> place(text, bare, url.getPort(), Protocol.TLS);
            case "tcp" -> place(text, bare, url.getPort(), Protocol.TCP);
            default -> throw CommandFailedException.unable("\"" + text + "\"" + EXPECTED_PLACE);
        };
    }

    private static Place place(String text, String host, int port, Protocol protocol) throws CommandFailedException {
        if (port < 1 || port > PORTS) {
            throw CommandFailedException.unable("\"" + text + "\"" + EXPECTED_PLACE);
        }
        return new Place(host, port, protocol);
    }

    /// `default/sleep`, or `default app=sleep` where it has no name.
    static String written(Client client) {
        if (!client.getName().isEmpty()) {
            return client.getNamespace() + "/" + client.getName();
        }
        var labels = client.getLabelsMap().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(label -> label.getKey() + "=" + label.getValue())
                .collect(Collectors.joining(","));
        return client.getNamespace() + "/" + (labels.isEmpty() ? "*" : labels);
    }

    static String written(Protocol protocol) {
        return protocol.name().toLowerCase(Locale.ROOT);
    }

    static String written(Door door) {
        return switch (door) {
            case REDIRECTED -> "redirected";
            case HTTP_PROXY -> "HTTP_PROXY";
            case LOCAL_PORT -> "local port";
            case DOOR_UNSPECIFIED, UNRECOGNIZED -> "";
        };
    }

    /// In three words: `through istio-system/egress`, `direct`, `blocked: 502`.
    static String brief(Verdict verdict) {
        return switch (verdict.getWay()) {
            case DIRECT -> verdict.getByDefault() ? "direct, by default" : "direct";
            case GATEWAY -> "through " + verdict.getGateway();
            case BLOCKED -> {
                var status = verdict.getSymptom().getStatus();
                yield "blocked" + (status == 0 ? "" : ": " + status)
                        + (verdict.getGateway().isEmpty() ? "" : " by " + verdict.getGateway());
            }
            case WAY_UNSPECIFIED, UNRECOGNIZED -> "unknown";
        };
    }

    /// A reason with its place: `… allows google.com:443 (egress.yaml:3)`.
    static String written(Reason reason) {
        return reason.getText() + (reason.hasLocation() ? place(reason.getLocation()) : "");
    }

    static String place(Location location) {
        if (location.getFile().isEmpty()) {
            return "";
        }
        return " (" + location.getFile() + (location.getLine() > 0 ? ":" + location.getLine() : "") + ")";
    }
}
