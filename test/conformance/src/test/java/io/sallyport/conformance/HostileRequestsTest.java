package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Hostile HTTP/1.1 at the gateway, with Istio's defaults and with `edge: strict`: what comes back, and which bytes the
/// upstream gets. Numbers are those of the hardening list.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
class HostileRequestsTest {

    // What the kernel keeps on two connections, and Envoy between them.
    private static final long MOST_TAKEN = 64L << 20;

    private HostileDoor usual;
    private HostileDoor strict;

    @BeforeAll
    void open(@TempDir Path scratch) throws IOException {
        usual = HostileDoor.usual(scratch.resolve("usual"));
        strict = HostileDoor.strict(scratch.resolve("strict"));
    }

    @AfterAll
    void close() throws IOException {
        usual.close();
        strict.close();
    }

    @Tag("H95")
    @Tag("V11")
    @ParameterizedTest
    @ValueSource(strings = {"//admin", "///admin"})
    void slashesBesideSlashesPassARuleUnlessTheyAreMerged(String path) throws IOException {
        assertThat(usual.get(path).path()).isEqualTo(path);
        assertThat(strict.get(path).status()).isEqualTo(403);
    }

    @Tag("H96")
    @Tag("V11")
    @ParameterizedTest
    @ValueSource(strings = {"/x/../admin", "/./admin", "/x/%2e%2e/admin", "/%61dmin", "/x\\..\\admin"})
    void dotsAndNeedlessEscapesAreUndoneBeforeRules(String path) throws IOException {
        assertThat(usual.get(path).status()).isEqualTo(403);
        assertThat(strict.get(path).status()).isEqualTo(403);
    }

    @Tag("H97")
    @Tag("V11")
    @ParameterizedTest
    @ValueSource(strings = {"/x%2f..%2fadmin", "/%2fadmin", "/x%5c..%5cadmin"})
    void escapedSlashesPassAsTheyAreOrAreSentBack(String path) throws IOException {
        assertThat(usual.get(path).path()).isEqualTo(path);
        var refused = strict.get(path);
        assertThat(refused.status()).isEqualTo(307);
        assertThat(refused.answer()).contains("location: /admin\r\n");
        assertThat(refused.seen()).isEmpty();
    }

    @Tag("H98")
    @Tag("V11")
    @ParameterizedTest
    @ValueSource(strings = {"/%2561dmin", "/%c0%ae%c0%ae/admin", "/%u002e/admin", "/;/admin"})
    void whatIsEncodedTwiceIsOpaque(String path) throws IOException {
        assertThat(usual.get(path).path()).isEqualTo(path);
        assertThat(strict.get(path).path()).isEqualTo(path);
    }

    @Test
    @Tag("H98")
    void parametersOfAPathBelongToIt() throws IOException {
        assertThat(usual.get("/admin;a=b").status()).isEqualTo(403);
        assertThat(strict.get("/admin;a=b").status()).isEqualTo(403);
    }

    @Tag("H99")
    @ParameterizedTest
    @ValueSource(strings = {"/ADMIN", "/Admin"})
    void lettersOfAnotherCaseAreAnotherPath(String path) throws IOException {
        assertThat(usual.get(path).path()).isEqualTo(path);
        assertThat(strict.get(path).path()).isEqualTo(path);
    }

    @Tag("H100")
    @ParameterizedTest
    @ValueSource(strings = {"/admin%00", "/a%00b", "/a\tb", "/\u00e9", "/a#fragment"})
    void pathsWithWhatNoPathHasAreRefused(String path) throws IOException {
        for (var door : new HostileDoor[] {usual, strict}) {
            var outcome = door.get(path);
            assertThat(outcome.status()).isEqualTo(400);
            assertThat(outcome.seen()).isEmpty();
        }
    }

    @Tag("H101")
    @Tag("V12")
    @ParameterizedTest
    @ValueSource(strings = {"A.TEST", "a.test:99999", "a.test:80"})
    void hostsOfAnyCaseAndPortAreOneHost(String host) throws IOException {
        assertThat(host(usual, host).status()).isEqualTo(200);
        assertThat(host(strict, host).status()).isEqualTo(200);
    }

    @Test
    @Tag("H101")
    @Tag("V12")
    void aStrictEdgeTellsTheUpstreamNoPort() throws IOException {
        assertThat(host(strict, "a.test:99999").header("host")).containsExactly("a.test");
    }

    @Test
    @Tag("H102")
    @Tag("V12")
    void aDotAtTheEndOfAHostIsStrippedByAStrictEdge() throws IOException {
        assertThat(host(usual, "a.test.").status()).isEqualTo(404);
        assertThat(host(strict, "a.test.").status()).isEqualTo(200);
    }

    @Tag("H103")
    @Tag("V12")
    @ParameterizedTest
    @ValueSource(strings = {"a.test\r\nHost: b.test", "a.test,b.test", "x@a.test", ""})
    void hostsThatAreNoneReachNobody(String host) throws IOException {
        for (var door : new HostileDoor[] {usual, strict}) {
            var outcome = host(door, host);
            assertThat(outcome.status()).isIn(400, 404);
            assertThat(outcome.seen()).isEmpty();
        }
    }

    @Test
    @Tag("H103")
    @Tag("V12")
    void aPortThatIsNoneDoesNotCountEither() throws IOException {
        for (var door : new HostileDoor[] {usual, strict}) {
            assertThat(host(door, "a.test:abc").header("host"))
                    .singleElement()
                    .asString()
                    .startsWith("a.test");
        }
    }

    @Tag("H104")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"
            })
    void withoutAHostThereIsNoRequest(String request) throws IOException {
        for (var door : new HostileDoor[] {usual, strict}) {
            var outcome = door.say(request);
            assertThat(outcome.status()).isEqualTo(400);
            assertThat(outcome.seen()).isEmpty();
        }
    }

    @Tag("H105")
    @Tag("V12")
    @ParameterizedTest
    @ValueSource(strings = {"http://a.test/x", "http://a.test:80/x"})
    void theHostOfAnAbsoluteAddressWins(String target) throws IOException {
        for (var door : new HostileDoor[] {usual, strict}) {
            var outcome = door.say("GET " + target + " HTTP/1.1\r\nHost: b.test\r\nConnection: close\r\n\r\n");
            assertThat(outcome.status()).isEqualTo(200);
            assertThat(outcome.header("host")).hasSize(1).allMatch(host -> host.startsWith("a.test"));
        }
    }

    @Tag("H106")
    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.0\r\nHost: a.test\r\n\r\n", "GET /\r\n\r\n"})
    void olderProtocolsAreRefused(String request) throws IOException {
        for (var door : new HostileDoor[] {usual, strict}) {
            var outcome = door.say(request);
            assertThat(outcome.status()).isIn(0, 400, 426);
            assertThat(outcome.seen()).isEmpty();
        }
    }

    @Tag("H107")
    @Tag("V14")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n",
                "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
                "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
                "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
                "Content-Length: +3\r\n\r\nabc",
                "Content-Length: -1\r\n\r\nabc",
                "Content-Length: 99999999999999999999\r\n\r\nabc",
                "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
                "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n"
            })
    void bodiesOfTwoLengthsAreRefused(String rest) throws IOException {
        for (var door : new HostileDoor[] {usual, strict}) {
            var outcome = door.say("POST /x HTTP/1.1\r\nHost: a.test\r\n" + rest);
            assertThat(outcome.status()).isIn(400, 501);
            assertThat(outcome.answer().split("HTTP/1.1 ", -1))
                    .as("one answer, then the end")
                    .hasSize(2);
            // A bad chunk shows when the head is on its way; the upstream never sees the end of such a body.
            assertThat(outcome.seen())
                    .hasSizeLessThan(2)
                    .noneMatch(request -> request.endsWith("0\r\n\r\n") || request.contains("smuggled"));
        }
    }

    @Tag("H107")
    @Tag("V14")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: c.test\r\n\r\n",
                "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: c.test\r\n\r\n",
                "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcGET /smuggled HTTP/1.1\r\nHost: c.test\r\n\r\n",
                "Content-Length: 0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: nobody.test\r\nConnection: close\r\n\r\n"
            })
    void nothingIsSmuggledToAnUpstreamOfHttp2(String rest) throws IOException {
        for (var door : new HostileDoor[] {usual, strict}) {
            door.second().reset();

            door.say("POST /x HTTP/1.1\r\nHost: c.test\r\n" + rest);

            assertThat(door.second().seen())
                    .hasSizeLessThan(2)
                    .allSatisfy(request -> assertThat(request.path()).isEqualTo("/x"));
        }
    }

    @Tag("H108")
    @Tag("V14")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n",
                "X-Folded: a\r\n b\r\nContent-Length: 3\r\n\r\nabc",
                "X-Bare: a\nContent-Length: 3\r\n\r\nabc"
            })
    void looseLinesGoOnClean(String rest) throws IOException {
        for (var door : new HostileDoor[] {usual, strict}) {
            var outcome = door.say("POST /x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n" + rest);
            assertThat(outcome.status()).isIn(200, 400);
            for (var request : outcome.seen()) {
                assertThat(outcome.seen()).hasSize(1);
                assertThat(request.replace("\r\n", ""))
                        .doesNotContain("\r", "\n")
                        .doesNotContain(";x=y");
                assertThat(request).doesNotContain("\r\n b");
            }
        }
    }

    @Tag("H109")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nHost: a.test\r\nX: a\0b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a.test\r\nX Y: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a.test\r\n:x: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a.test\r\n: a\r\n\r\n",
                "get / HTTP/1.1\r\nHost: a.test\r\n\r\n",
                "GE\1T / HTTP/1.1\r\nHost: a.test\r\n\r\n"
            })
    void headersAndMethodsThatAreNoneAreRefused(String request) throws IOException {
        for (var door : new HostileDoor[] {usual, strict}) {
            var outcome = door.say(request);
            assertThat(outcome.status()).isEqualTo(400);
            assertThat(outcome.seen()).isEmpty();
        }
    }

    @Test
    @Tag("H110")
    void bytesThatAreNoTextPassAsTheyAre() throws IOException {
        assertThat(usual.get("/x", "X-Bytes: \u00ff\u00fe").header("x-bytes")).containsExactly("\u00ff\u00fe");
    }

    @Test
    @Tag("H111")
    @Tag("V13")
    void underscoresInNamesAreRefusedByAStrictEdge() throws IOException {
        assertThat(usual.get("/x", "X_Auth_User: root").header("x_auth_user")).containsExactly("root");
        var refused = strict.get("/x", "X_Auth_User: root");
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.seen()).isEmpty();
    }

    @Test
    @Tag("H112")
    void headersHaveBounds() throws IOException {
        var many = IntStream.range(0, 101).mapToObj(n -> "X-" + n + ": 1").collect(Collectors.joining("\r\n"));
        for (var door : new HostileDoor[] {usual, strict}) {
            assertThat(door.get("/x", "X-Big: " + "a".repeat(61 << 10)).status())
                    .isEqualTo(431);
            assertThat(door.get("/x", many).status()).isEqualTo(431);
            assertThat(door.get("/" + "a".repeat(9 << 10)).status()).isEqualTo(200);
        }
    }

    @Tag("H113")
    @Tag("V13")
    @ParameterizedTest
    @ValueSource(strings = {"x-forwarded-for", "host"})
    void aClientCannotNameHeadersToBeDropped(String name) throws IOException {
        for (var door : new HostileDoor[] {usual, strict}) {
            var outcome = door.say("GET /x HTTP/1.1\r\nHost: a.test\r\nConnection: close, " + name + "\r\n\r\n");
            assertThat(outcome.status()).isEqualTo(400);
            assertThat(outcome.seen()).isEmpty();
        }
    }

    @Test
    @Tag("H114")
    @Tag("V13")
    void whatAClientClaimsToHaveBeenForwarded() throws IOException {
        var claims = new String[] {
            "X-Forwarded-For: 6.6.6.6",
            "X-Forwarded-Host: evil.test",
            "X-Forwarded-Proto: https",
            "X-Envoy-Original-Path: /other",
            "X-Envoy-Retry-On: 5xx",
            "X-Forwarded-Client-Cert: Subject=evil",
            "X-Sallyport-Scope: http.80|other.test"
        };

        var istio = usual.get("/x", claims);
        var own = strict.get("/x", claims);

        assertThat(istio.header("x-forwarded-for")).singleElement().asString().startsWith("6.6.6.6,");
        assertThat(istio.header("x-forwarded-host")).containsExactly("evil.test");
        assertThat(own.header("x-forwarded-for")).singleElement().asString().doesNotContain("6.6.6.6");
        assertThat(own.header("x-forwarded-host")).isEmpty();
        for (var outcome : new HostileDoor.Outcome[] {istio, own}) {
            assertThat(outcome.header("x-forwarded-proto")).containsExactly("http");
            assertThat(outcome.header("x-envoy-original-path")).isEmpty();
            assertThat(outcome.header("x-envoy-retry-on")).isEmpty();
            assertThat(outcome.header("x-forwarded-client-cert")).isEmpty();
            assertThat(outcome.header("x-sallyport-scope")).isEmpty();
        }
    }

    @Test
    @Tag("H115")
    void traceIsRefusedByAStrictEdge() throws IOException {
        var request = "TRACE /x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";

        assertThat(usual.say(request).seen()).hasSize(1);
        var refused = strict.say(request);
        assertThat(refused.status()).isEqualTo(405);
        assertThat(refused.seen()).isEmpty();
    }

    @Tag("H115")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n",
                "OPTIONS * HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
                "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
                "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003\r\n\r\n"
            })
    void otherProtocolsReachNobody(String bytes) throws IOException {
        for (var door : new HostileDoor[] {usual, strict}) {
            var outcome = door.say(bytes);
            assertThat(outcome.status()).isIn(0, 400, 404);
            assertThat(outcome.seen()).isEmpty();
        }
    }

    @Test
    @Tag("H115")
    void anUpgradeToHttp2IsNotMade() throws IOException {
        var outcome = usual.say(String.join(
                "\r\n",
                "GET /x HTTP/1.1",
                "Host: a.test",
                "Connection: Upgrade, HTTP2-Settings, close",
                "Upgrade: h2c",
                "HTTP2-Settings: AAMAAABkAAQAAP__",
                "",
                ""));

        assertThat(outcome.status()).isNotEqualTo(101);
        assertThat(outcome.seen()).allMatch(request -> !request.contains("h2c"));
    }

    @Test
    @Tag("H116")
    @Tag("V14")
    void pipelinedRequestsAreAnsweredOneByOne() throws IOException {
        var outcome = usual.say(String.join(
                "\r\n",
                "GET /one HTTP/1.1",
                "Host: a.test",
                "",
                "GET /two HTTP/1.1",
                "Host: a.test",
                "Connection: close",
                "",
                "GET /three HTTP/1.1",
                "Host: a.test",
                "",
                ""));

        assertThat(outcome.answer().split("HTTP/1.1 200", -1)).hasSize(3);
        assertThat(outcome.seen())
                .extracting(request -> request.split(" ", 3)[1])
                .containsExactly("/one", "/two");
    }

    @Test
    @Tag("H123")
    @Tag("M1")
    void headersThatNeverEndAreCutAfterTenSeconds() throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), usual.port())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: a.test\r\nX-Slow: ".getBytes(StandardCharsets.US_ASCII));

            assertThat(RawClient.status(RawClient.heard(socket))).isIn(0, 408);
        }
        assertThat(usual.isWell()).isTrue();
    }

    @Tag("H125")
    @Tag("M3")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nX-Big: %BIG%\r\ncontent-length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
                "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nx y: a\r\ncontent-length: 0\r\n\r\n",
                "nonsense\r\n\r\n",
                ""
            })
    void answersThatAreNoneBecome502Or503(String bytes) throws IOException {
        usual.upstream().answer("/bad", bytes.replace("%BIG%", "a".repeat(1 << 20)));

        assertThat(usual.get("/bad").status()).isIn(502, 503);
        assertThat(usual.isWell()).isTrue();
    }

    @Tag("H125")
    @Tag("M3")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
                "HTTP/9.9 200 OK\r\ncontent-length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort",
                "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"
            })
    void answersThatBreakOffHurtNobodyElse(String bytes) throws IOException {
        usual.upstream().answer("/broken", bytes);

        assertThat(usual.get("/broken").status()).isIn(101, 200, 502, 503);
        assertThat(usual.isWell()).isTrue();
    }

    @Test
    @Tag("H124")
    void anUpgradeThatTheUpstreamDoesNotMakeIsAnOrdinaryAnswer() throws IOException {
        usual.upstream().answer("/no-upgrade", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno");

        assertThat(upgrade("/no-upgrade", "")).startsWith("HTTP/1.1 200");
        assertThat(usual.isWell()).isTrue();
    }

    @Test
    @Tag("H124")
    void framesLargerThanAnyBoundAreNotTheGatewaysToRead() throws IOException {
        usual.upstream()
                .answer(
                        "/upgrade",
                        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n");
        // A frame that says it is 2^63 - 1 bytes long, and then some of them.
        var frame = "\u0082\u00ff\u007f\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\0\0\0\0" + "a".repeat(1 << 20);

        assertThat(upgrade("/upgrade", frame)).startsWith("HTTP/1.1 101");
        assertThat(usual.isWell()).isTrue();
    }

    @Tag("H124")
    @ParameterizedTest
    @ValueSource(strings = {"\0\u00ff\u00ff\u00ff\u00ffshort", "\1\0\0\0\5abcde", "\0\0\0\0", "no prefix at all"})
    void messagesOfGrpcAreTheUpstreamsToRead(String message) throws IOException {
        for (var door : new HostileDoor[] {usual, strict}) {
            door.second().reset();

            var outcome = door.say(
                    "POST /shop.Cart/Add HTTP/1.1\r\nHost: c.test\r\nConnection: close\r\ncontent-type: application/grpc\r\n"
                            + "grpc-encoding: nonsense\r\nte: trailers\r\ncontent-length: " + message.length()
                            + "\r\n\r\n" + message);

            assertThat(outcome.status()).isEqualTo(200);
            assertThat(door.second().seen()).hasSize(1);
            assertThat(door.isWell()).isTrue();
        }
    }

    @Test
    @Tag("H124")
    @Tag("M3")
    void aMessageThatTheUpstreamDoesNotReadIsNotKept() throws IOException {
        usual.upstream().stall("/stalled");
        try (var channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), usual.port()));
                var selector = Selector.open()) {
            var head =
                    "POST /stalled HTTP/1.1\r\nHost: a.test\r\ncontent-type: application/grpc\r\ncontent-length: 1073741824\r\n\r\n";
            channel.write(ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)));
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_WRITE);
            long taken = 0;
            // Full for 40 looks of 50 ms: nobody takes any more.
            for (int full = 0; full < 40 && taken < MOST_TAKEN; ) {
                int written = channel.write(ByteBuffer.allocate(64 << 10));
                taken += written;
                full = written > 0 ? 0 : full + 1;
                if (written == 0) {
                    selector.select(50);
                    selector.selectedKeys().clear();
                }
            }

            assertThat(taken).as("bytes on their way").isLessThan(MOST_TAKEN);
        }
        assertThat(usual.isWell()).isTrue();
    }

    // What comes back first, and then all up to the end.
    private String upgrade(String path, String then) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), usual.port())) {
            socket.setSoTimeout(20_000);
            var request = String.join(
                    "\r\n",
                    "GET " + path + " HTTP/1.1",
                    "Host: a.test",
                    "Connection: Upgrade",
                    "Upgrade: websocket",
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                    "Sec-WebSocket-Version: 13",
                    "",
                    "");
            socket.getOutputStream().write((request + then).getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readNBytes(12), StandardCharsets.ISO_8859_1);
        }
    }

    private static HostileDoor.Outcome host(HostileDoor door, String host) throws IOException {
        return door.say("GET /x HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    }
}
