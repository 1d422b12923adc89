package io.sallyport.cli.log;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.DataDirectory;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.SortedMap;
import java.util.stream.Collectors;

/// Gets a link into the page of the `up` on this machine: `http://localhost:15080/logs?key=…&since=1h`.
/// Whoever opens it first is signed in; the token itself never stands in an address.
final class PageLink {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final String PATH = "/logs";

    private final DataDirectory data;
    private final SortedMap<String, String> parameters;

    /// @param parameters of the address: the filter, the time
    PageLink(DataDirectory data, SortedMap<String, String> parameters) {
        this.data = data;
        this.parameters = parameters;
    }

    String get() throws CommandFailedException {
        try (var client = HttpClient.newBuilder().connectTimeout(PATIENCE).build()) {
            var door = data.endpoints().map(DataDirectory.Endpoints::http).orElse("");
            var token = data.token();
            if (door.isEmpty() || token.isEmpty()) {
                throw CommandFailedException.unable(
                        "no page is known here (expected: a running ./sallyport up, or --data)");
            }
            var request = HttpRequest.newBuilder(URI.create("http://" + door + PATH + "/link"))
                    .timeout(PATIENCE)
                    .header("Authorization", "Bearer " + token.get())
                    .POST(BodyPublishers.noBody())
                    .build();
            var answer = client.send(request, BodyHandlers.ofString());
            if (answer.statusCode() != 200 || !answer.body().startsWith(PATH)) {
                throw CommandFailedException.unable("the page at " + door + " answers " + answer.statusCode()
                        + " (expected: a running ./sallyport up with access logs, and its token)");
            }
            return "http://" + door.replace("127.0.0.1:", "localhost:")
                    + answer.body().strip()
                    + parameters.entrySet().stream()
                            .map(each -> "&" + each.getKey() + "="
                                    + URLEncoder.encode(each.getValue(), StandardCharsets.UTF_8))
                            .collect(Collectors.joining());
        } catch (IOException e) {
            throw CommandFailedException.unable("the page does not answer: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw CommandFailedException.unable("interrupted");
        }
    }
}
