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

/// Gets a link into the page of the `up` on this machine: `http://localhost:15080/logs?key=…&since=1h`.
/// Whoever opens it first is signed in; the token itself never stands in an address.
final class PageLink {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final String PATH = "/logs";

    private final DataDirectory data;
    private final String filter;
    private final String since;

    PageLink(DataDirectory data, String filter, String since) {
        this.data = data;
        this.filter = filter;
        this.since = since;
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
                    + (filter.isEmpty() ? "" : "&filter=" + URLEncoder.encode(filter, StandardCharsets.UTF_8))
                    + "&since=" + URLEncoder.encode(since, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw CommandFailedException.unable("the page does not answer: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw CommandFailedException.unable("interrupted");
        }
    }
}
