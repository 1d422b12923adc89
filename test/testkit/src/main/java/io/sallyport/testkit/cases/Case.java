package io.sallyport.testkit.cases;

import io.sallyport.testkit.net.HttpClient;
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
/// ports that the configuration writes for them; `proxies` is the text of the case's own proxies, or empty.
public record Case(
        String name,
        String configuration,
        List<String> tags,
        Map<String, Integer> backends,
        Map<String, Integer> lines,
        String proxies,
        List<Step> steps) {

    private static final Pattern URL =
            Pattern.compile("(\\S+) (?:http|https)://([^/:?]+)(?::(\\d+))?(.*)", Pattern.DOTALL);

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
        return new Case(
                String.valueOf(directory.getFileName()),
                Files.readString(directory.resolve("in.yaml")),
                strings(traffic.get("tags")),
                ports(traffic.get("backends")),
                ports(traffic.get("tcp")),
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
                    gateway, port, string(request.get("expect"), "").replaceFirst("^echo ", ""));
        }
        var url = URL.matcher(string(request.get("send"), ""));
        if (!url.matches()) {
            throw new IllegalArgumentException("send: " + request.get("send") + " (expected: GET http://host/path)");
        }
        var headers = texts(request.get("headers"));
        var host = headers.remove("host");
        var expected = string(request.get("expect"), "").split(" ");
        var call = new HttpClient.Call(
                url.group(1),
                host == null ? url.group(2) : host,
                url.group(4).isEmpty() ? "/" : url.group(4),
                headers,
                string(request.get("body"), ""));
        var answer = map(request.get("response"));
        return new Step.Send(
                gateway,
                url.group(3) == null ? 80 : Integer.parseInt(url.group(3)),
                call,
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
                strings(request.get("mirrored")));
    }

    private static Step.Upstream upstream(Map<String, Object> seen) {
        return new Step.Upstream(
                (String) seen.get("path"),
                (String) seen.get("host"),
                (String) seen.get("protocol"),
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
