package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.sallyport.testkit.net.LineServer;
import io.sallyport.testkit.net.RawServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What lives longer than a request: streams of gRPC, WebSockets and TCP connections go on while a gateway drains, and
/// clients over HTTP/2 are told to take another for what comes next. What has not ended at the limit is cut, and the
/// drain says of each connection what became of it.
class DrainWaitsForStreamsTest {

    private static final int LIMIT_SECONDS = 12;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String SWITCHING =
            "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n";
    private static final MethodDescriptor<String, String> TALK = MethodDescriptor.<String, String>newBuilder()
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .setFullMethodName("shop.Talk/Echo")
            .setRequestMarshaller(new Words())
            .setResponseMarshaller(new Words())
            .build();

    @Test
    @Tag("P23")
    void streamsGoOnUntilTheyEndOrTheLimitCutsThem(@TempDir Path folder) throws Exception {
        var talking = talking();
        try (var sockets = RawServer.answering(SWITCHING);
                var lines = new LineServer("tcp")) {
            var bootstrap = StaticBootstrap.of(configuration(sockets.port(), talking.getPort(), lines.port()));
            try (var gateway = DrainedGateway.start(folder.resolve("gateway"), bootstrap);
                    var web = new Line(gateway.httpPort());
                    var tcp = new Line(gateway.secondPort());
                    var stubborn = new Line(gateway.secondPort());
                    var call = new Talk(gateway.httpPort());
                    var endless = new Talk(gateway.httpPort())) {
                web.say("GET /chat HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
                web.hear("upgrade: websocket");
                tcp.hear("tcp\n");
                stubborn.hear("tcp\n");
                call.says("one");
                endless.says("one");
                assertThat(call.channel.getState(false)).isEqualTo(ConnectivityState.READY);

                gateway.leave(LIMIT_SECONDS);

                // Who streams is told to go away, though nothing was asked meanwhile, and streams on.
                await("GOAWAY for a client in the middle of a stream")
                        .atMost(PATIENCE)
                        .until(() -> call.channel.getState(false) == ConnectivityState.IDLE);
                await().atMost(PATIENCE).until(() -> gateway.log().contains("waiting for " + tcp.name()));
                for (var line : new Line[] {web, tcp, stubborn}) {
                    line.say("still here\n");
                    line.hear("still here\n");
                }
                call.says("two");
                endless.says("two");
                assertThat(gateway.isReady()).isFalse();
                assertThat(gateway.log()).contains("5 connections open, waiting up to " + LIMIT_SECONDS + " s");

                // Three end by themselves, two do not.
                web.leaves();
                tcp.leaves();
                assertThat(call.ends()).isEqualTo(Status.Code.OK);

                assertThat(gateway.lastWords())
                        .isEqualTo(gateway.log().strip())
                        .containsPattern("drain: " + web.name() + " ended after [0-9]+ s\n")
                        .containsPattern("drain: " + tcp.name() + " ended after [0-9]+ s\n")
                        .contains("drain: cutting " + stubborn.name() + " after " + LIMIT_SECONDS + " s\n")
                        .containsPattern("drain: cutting 127.0.0.1:[0-9]+ to port " + gateway.httpPort() + " after")
                        .endsWith("drain: 2 connections left after " + LIMIT_SECONDS + " s");
                assertThat(endless.ended.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                        .isEqualTo(Status.Code.UNAVAILABLE);
                assertThat(stubborn.isAtItsEnd()).isTrue();
            }
        } finally {
            talking.shutdownNow();
        }
    }

    private static String configuration(int http, int grpc, int tcp) {
        return """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 8080, name: http, protocol: HTTP}, hosts: ["*"]}
              - {port: {number: 9000, name: tcp, protocol: TCP}, hosts: ["*"]}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {namespace: shop, name: shop}
            spec:
              hosts: ["*"]
              gateways: [edge]
              http:
              - match: [{uri: {prefix: /shop.Talk/}}]
                timeout: 0s
                route: [{destination: {host: backend.test, port: {number: 81}}}]
              - timeout: 0s
                route: [{destination: {host: backend.test, port: {number: 80}}}]
              tcp:
              - match: [{port: 9000}]
                route: [{destination: {host: backend.test, port: {number: 90}}}]
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: shop, name: backend}
            spec:
              hosts: [backend.test]
              ports:
              - {number: 80, name: http, protocol: HTTP}
              - {number: 81, name: grpc, protocol: GRPC}
              - {number: 90, name: tcp, protocol: TCP}
              resolution: STATIC
              endpoints: [{address: 127.0.0.1, ports: {http: %d, grpc: %d, tcp: %d}}]
            """.formatted(http, grpc, tcp);
    }

    private static Server talking() throws IOException {
        var echo = ServerCalls.asyncBidiStreamingCall((StreamObserver<String> answers) -> answers);
        return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(ServerServiceDefinition.builder("shop.Talk")
                        .addMethod(TALK, echo)
                        .build())
                .build()
                .start();
    }

    /// A connection over which text goes to and fro.
    private static final class Line implements AutoCloseable {

        private final Socket socket;

        Line(int port) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setSoTimeout((int) PATIENCE.toMillis());
        }

        /// As the drain names it.
        String name() {
            return "127.0.0.1:" + socket.getLocalPort() + " to port " + socket.getPort();
        }

        void say(String text) throws IOException {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        }

        void hear(String text) throws IOException {
            var heard = new StringBuilder();
            while (heard.indexOf(text) < 0) {
                int next = socket.getInputStream().read();
                assertThat(next).as("more than \"%s\"", heard).isNotNegative();
                heard.append((char) next);
            }
        }

        /// Ends it as a client does.
        void leaves() throws IOException {
            socket.close();
        }

        boolean isAtItsEnd() {
            try {
                return socket.getInputStream().read() < 0;
            } catch (IOException reset) {
                return true;
            }
        }

        @Override
        public void close() throws IOException {
            leaves();
        }
    }

    /// A stream of gRPC that lasts, over a connection of its own.
    private static final class Talk implements AutoCloseable {

        private final ManagedChannel channel;
        private final ClientCall<String, String> call;
        private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        private final CompletableFuture<Status.Code> ended = new CompletableFuture<>();

        Talk(int port) {
            channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                    .usePlaintext()
                    .build();
            call = channel.newCall(TALK, CallOptions.DEFAULT);
            call.start(
                    new ClientCall.Listener<>() {
                        @Override
                        public void onMessage(String word) {
                            heard.add(word);
                        }

                        @Override
                        public void onClose(Status status, Metadata trailers) {
                            ended.complete(status.getCode());
                        }
                    },
                    new Metadata());
            call.request(10);
        }

        /// Says a word and hears it back.
        void says(String word) throws InterruptedException {
            call.sendMessage(word);
            assertThat(heard.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo(word);
        }

        /// Ends it as a client does; how it went.
        Status.Code ends() throws Exception {
            call.halfClose();
            return ended.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }

        @Override
        public void close() {
            channel.shutdownNow();
        }
    }

    private record Words() implements MethodDescriptor.Marshaller<String> {

        @Override
        public InputStream stream(String word) {
            return new ByteArrayInputStream(word.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
