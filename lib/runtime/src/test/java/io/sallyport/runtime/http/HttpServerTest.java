package io.sallyport.runtime.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.Readiness;
import io.sallyport.runtime.metric.Metrics;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HttpServerTest {

    private static final String TOKEN = "0123456789abcdef0123456789abcdef";

    private final Readiness readiness = new Readiness();
    private final Metrics metrics = new Metrics();
    private Optional<String> missing = Optional.empty();
    private HttpServer server;

    @BeforeAll
    void start() throws IOException {
        readiness.require("xds", () -> missing);
        server = HttpServer.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                readiness,
                metrics,
                Optional.of(BearerToken.of(TOKEN)),
                List.of(new Mount("/part", new Part(), true)));
    }

    private static final class Part extends HttpServlet {

        private static final long serialVersionUID = 1L;

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) {
            response.setStatus(204);
        }
    }

    @AfterAll
    void stop() throws IOException {
        server.close();
        metrics.close();
    }

    @Test
    @Tag("V24")
    void aPartThatKnowsItsCallersOpensNothingBesideItself() throws IOException {
        assertThat(send("GET", "/part/rows", "localhost")).startsWith("HTTP/1.1 204");
        for (var path : new String[] {"/part/../other", "/part/%2e%2e/other", "/partial", "/part/..;/other"}) {
            assertThat(send("GET", path, "localhost")).as(path).containsPattern("^HTTP/1.1 40[01] ");
        }
    }

    @Test
    void answersProbesWithoutToken() throws IOException {
        assertThat(send("GET", "/healthz", "localhost:" + server.port())).startsWith("HTTP/1.1 200");
        assertThat(send("GET", "/metrics", "127.0.0.1"))
                .startsWith("HTTP/1.1 200")
                .contains("jvm_memory");
        assertThat(send("GET", "/version", "[::1]:" + server.port())).contains("{\"version\":\"0.1.0\"}");
    }

    @Test
    void saysWhatReadinessWaitsFor() throws IOException {
        missing = Optional.of("no revision yet");
        try {
            assertThat(send("GET", "/readyz", "localhost"))
                    .startsWith("HTTP/1.1 503")
                    .contains("xds: no revision yet");
        } finally {
            missing = Optional.empty();
        }
        assertThat(send("GET", "/readyz", "localhost")).startsWith("HTTP/1.1 200");
    }

    @Test
    @Tag("V24")
    @Tag("M24")
    void refusesHostThatIsNotThisMachine() throws IOException {
        assertThat(send("GET", "/healthz", "evil.example")).startsWith("HTTP/1.1 403");
        assertThat(send("GET", "/healthz", "localhost.evil.example")).startsWith("HTTP/1.1 403");
        assertThat(send("GET", "/healthz", "127.0.0.1.nip.io")).startsWith("HTTP/1.1 403");
    }

    @Test
    @Tag("V24")
    @Tag("M24")
    void refusesForeignOriginAndSendsNoCorsHeader() throws IOException {
        assertThat(send("GET", "/metrics", "localhost", "Origin: https://evil.example"))
                .startsWith("HTTP/1.1 403")
                .doesNotContainIgnoringCase("access-control");
        assertThat(send("GET", "/metrics", "localhost", "Origin: null")).startsWith("HTTP/1.1 403");
        assertThat(send("GET", "/metrics", "localhost", "Origin: http://localhost:1"))
                .startsWith("HTTP/1.1 403");
        assertThat(send("GET", "/metrics", "localhost", "Origin: http://localhost:" + server.port()))
                .startsWith("HTTP/1.1 200")
                .doesNotContainIgnoringCase("access-control");
    }

    @Test
    @Tag("V24")
    void asksForTheTokenBesideProbes() throws IOException {
        assertThat(send("POST", "/healthz", "localhost")).startsWith("HTTP/1.1 401");
        assertThat(send("GET", "/anything", "localhost")).startsWith("HTTP/1.1 401");
        assertThat(send("GET", "/anything", "localhost", "Authorization: Bearer " + TOKEN + "0"))
                .startsWith("HTTP/1.1 401");
        assertThat(send("GET", "/anything", "localhost", "Authorization: Bearer " + TOKEN))
                .startsWith("HTTP/1.1 404");
    }

    @Test
    @Tag("V9")
    void servesNoAdministrationOfItsOwn() throws IOException {
        for (var path : new String[] {"/admin", "/tasks", "/threads", "/admin/threads", "/tasks/gc", "/pprof"}) {
            assertThat(send("GET", path, "localhost", "Authorization: Bearer " + TOKEN))
                    .as(path)
                    .startsWith("HTTP/1.1 404");
        }
    }

    @ParameterizedTest
    @Tag("H75")
    @ValueSource(
            strings = {
                "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
                "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
                "Content-Length : 4\r\n\r\nabcd",
                "X: a\r\n b\r\n\r\n",
                "Host: localhost\r\n\r\n",
            })
    void requestsWithTwoMeaningsAreRefused(String rest) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            var request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + rest;
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));

            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 400 ")
                    .containsOnlyOnce("HTTP/1.1 ");
        }
    }

    private String send(String method, String path, String host, String... headers) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            var request = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n");
            for (var header : headers) {
                request.append(header).append("\r\n");
            }
            request.append("Connection: close\r\n\r\n");
            socket.getOutputStream().write(request.toString().getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
