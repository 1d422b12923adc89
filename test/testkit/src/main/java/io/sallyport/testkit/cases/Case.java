package io.sallyport.testkit.cases;

import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.tls.Handshake;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/// One case: a claim, a configuration and traffic. `backends` and `lines` map the names of HTTP and TCP backends to the
/// ports that the configuration writes for them, and `secure` says which of the HTTP backends have TLS; `secrets` are
/// those of the gateway's namespace; `proxies` is the text of the case's own proxies, or empty.
public record Case(
        String name,
        String configuration,
        List<String> tags,
        Map<String, Integer> backends,
        Map<String, Integer> lines,
        Map<String, Certificate> secure,
        Map<String, Certificate> secrets,
        String proxies,
        List<Step> steps) {

    private static final Pattern URL =
            Pattern.compile("(\\S+) (http|https)://([^/:?]+)(?::(\\d+))?(.*)", Pattern.DOTALL);
    private static final String AUTHORITY = "ca";

    /// A certificate for `names` (none: only who vouches for others) by the authority `by`. Whoever holds it
    /// asks clients for certificates of the authority `clients`, and speaks the version `tls` of TLS alone,
    /// `1.3` say. Empty for no authority, and for every version.
    public record Certificate(List<String> names, String by, String clients, String tls) {}

    /// All cases below a directory, by name.
    public static List<Case> below(Path directory) throws IOException {
        try (Stream<Path> paths = Files.list(directory)) {
            var cases = new ArrayList<Case>();
            for (var path : paths.filter(Files::isDirectory).sorted().toList()) {
                cases.add(in(path));
            }
            return cases;
        }
    }

    /// The case of one directory.
    public static Case in(Path directory) throws IOException {
        var text = Files.readString(directory.resolve("traffic.yaml"));
        var traffic = map(new Load(LoadSettings.builder().build()).loadFromString(text));
        var steps = new ArrayList<Step>();
        for (var request : list(traffic.get("requests"))) {
            steps.add(step(map(request)));
        }
        var backends = ports(traffic.get("backends"));
        map(traffic.get("secure"))
                .forEach((name, secure) ->
                        backends.put(name, (Integer) map(secure).get("port")));
        return new Case(
                String.valueOf(directory.getFileName()),
                Files.readString(directory.resolve("in.yaml")),
                strings(traffic.get("tags")),
                backends,
                ports(traffic.get("tcp")),
                certificates(traffic.get("secure")),
                certificates(traffic.get("secrets")),
                proxies(text),
                steps);
    }

    /// The configuration with the ports that backends really got.
    public String configurationWith(Map<String, Integer> actual) {
        var text = configuration;
        for (var written : Stream.of(backends, lines)
                .flatMap(map -> map.entrySet().stream())
                .toList()) {
            var port = actual.get(written.getKey());
            text = text.replaceAll("\\b" + written.getValue() + "\\b", String.valueOf(port));
        }
        return text;
    }

    /// The documents of a configuration, without empty ones.
    public static List<String> documents(String configuration) {
        return Arrays.stream(configuration.split("(?m)^---$"))
                .filter(document -> !document.isBlank())
                .toList();
    }

    private static String proxies(String text) {
        return text.lines()
                .dropWhile(line -> !line.startsWith("proxies:"))
                .takeWhile(line -> line.startsWith("proxies:") || line.startsWith("- {name:"))
                .reduce("", (all, line) -> all + line + "\n");
    }

    private static Step step(Map<String, Object> request) {
        var gateway = string(request.get("gateway"), "");
        if (request.get("connect") instanceof Integer port) {
            return new Step.Connect(
                    gateway,
                    port,
                    request.containsKey("sni") ? handshake(request, "") : null,
                    string(request.get("expect"), "").replaceFirst("^echo ", ""));
        }
        var url = URL.matcher(string(request.get("send"), ""));
        if (!url.matches()) {
            throw new IllegalArgumentException("send: " + request.get("send") + " (expected: GET http://host/path)");
        }
        boolean isSecure = url.group(2).equals("https");
        var headers = texts(request.get("headers"));
        var host = headers.remove("host");
        var expected = string(request.get("expect"), "0").split(" ");
        var call = new HttpClient.Call(
                url.group(1),
                host == null ? url.group(3) : host,
                url.group(5).isEmpty() ? "/" : url.group(5),
                headers,
                string(request.get("body"), ""));
        var answer = map(request.get("response"));
        return new Step.Send(
                gateway,
                url.group(4) == null ? (isSecure ? 443 : 80) : Integer.parseInt(url.group(4)),
                call,
                isSecure ? handshake(request, url.group(3)) : null,
                versions(list(request.get("http"))),
                request.get("times") instanceof Integer times ? times : 1,
                new Step.Answer(
                        Integer.parseInt(expected[0]),
                        expected.length > 1 ? expected[1] : "",
                        shares(request.get("share")),
                        texts(answer.get("headers")),
                        strings(answer.get("without")),
                        answer.containsKey("body") ? string(answer.get("body"), "") : null),
                request.containsKey("upstream") ? upstream(map(request.get("upstream"))) : null,
                strings(request.get("mirrored")),
                "http-proxy".equals(request.get("via")));
    }

    private static Handshake handshake(Map<String, Object> request, String host) {
        var trust = string(request.get("trust"), AUTHORITY);
        return new Handshake(
                string(request.get("sni"), host),
                string(request.get("client"), ""),
                trust.equals("nobody") ? "" : trust,
                string(request.get("tls"), ""),
                (String) request.get("certificate"),
                request.get("fails") instanceof String failure ? Handshake.Failure.of(failure) : null);
    }

    private static Map<String, Certificate> certificates(@Nullable Object value) {
        var certificates = new LinkedHashMap<String, Certificate>();
        map(value).forEach((name, wish) -> {
            var fields = map(wish);
            certificates.put(
                    name,
                    new Certificate(
                            strings(fields.get("for")),
                            string(fields.get("by"), AUTHORITY),
                            string(fields.get("clients"), ""),
                            string(fields.get("tls"), "")));
        });
        return certificates;
    }

    private static Step.Upstream upstream(Map<String, Object> seen) {
        return new Step.Upstream(
                (String) seen.get("path"),
                (String) seen.get("host"),
                (String) seen.get("protocol"),
                (String) seen.get("sni"),
                (String) seen.get("client"),
                texts(seen.get("headers")),
                strings(seen.get("without")));
    }

    private static List<HttpClient.Version> versions(List<?> numbers) {
        if (numbers.isEmpty()) {
            return List.of(HttpClient.Version.values());
        }
        return numbers.stream()
                .map(number -> number.equals(1) ? HttpClient.Version.HTTP_1_1 : HttpClient.Version.HTTP_2)
                .toList();
    }

    private static Map<String, Step.Range> shares(@Nullable Object value) {
        var shares = new LinkedHashMap<String, Step.Range>();
        map(value).forEach((name, bounds) -> {
            var range = list(bounds);
            shares.put(name, new Step.Range((Integer) range.get(0), (Integer) range.get(1)));
        });
        return shares;
    }

    private static Map<String, Integer> ports(@Nullable Object value) {
        var ports = new LinkedHashMap<String, Integer>();
        map(value).forEach((name, port) -> ports.put(name, (Integer) port));
        return ports;
    }

    private static Map<String, String> texts(@Nullable Object value) {
        var texts = new LinkedHashMap<String, String>();
        map(value).forEach((name, text) -> texts.put(name, String.valueOf(text)));
        return texts;
    }

    private static List<String> strings(@Nullable Object value) {
        return list(value).stream().map(String::valueOf).toList();
    }

    private static String string(@Nullable Object value, String otherwise) {
        return value == null ? otherwise : String.valueOf(value);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(@Nullable Object value) {
        return value == null ? Map.of() : (Map<String, Object>) value;
    }

    private static List<?> list(@Nullable Object value) {
        return value == null ? List.of() : (List<?>) value;
    }
}
