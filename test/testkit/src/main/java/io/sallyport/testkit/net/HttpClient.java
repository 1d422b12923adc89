package io.sallyport.testkit.net;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Sends one request a connection to a port of this machine, over HTTP/1.1 or HTTP/2 with prior knowledge. Paths and
/// header fields go out as given; nothing is normalised, followed or retried.
// Every outcome arrives by the reply's future; the futures of single writes say nothing more.
@SuppressWarnings("FutureReturnValueIgnored")
public final class HttpClient implements AutoCloseable {

    private static final int MAX_BODY_BYTES = 16 * 1024 * 1024;
    private static final int HANG_SECONDS = 30;

    /// The protocol spoken.
    public enum Version {
        HTTP_1_1,
        HTTP_2
    }

    /// A request. `path` includes the query; `host` becomes the Host field or `:authority`.
    public record Call(String method, String host, String path, Map<String, String> headers, String body) {}

    private final EventLoopGroup threads = new NioEventLoopGroup(1);

    /// The answer, or an error that says how the connection ended.
    public Reply send(int port, Version version, Call call) throws IOException {
        var answer = new CompletableFuture<Reply>();
        Channel connection = null;
        try {
            connection = connect(port, version, answer);
            var target = version == Version.HTTP_2 ? stream(connection, answer) : connection;
            target.writeAndFlush(request(call));
            return answer.get(HANG_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            var cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(String.valueOf(cause.getMessage()), cause);
        } catch (TimeoutException e) {
            throw new IOException("no answer within " + HANG_SECONDS + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            if (connection != null) {
                connection.close();
            }
        }
    }

    private Channel connect(int port, Version version, CompletableFuture<Reply> answer)
            throws IOException, InterruptedException {
        var connected = new Bootstrap()
                .group(threads)
                .channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (version == Version.HTTP_2) {
                            channel.pipeline()
                                    .addLast(
                                            Http2FrameCodecBuilder.forClient().build(),
                                            new Http2MultiplexHandler(new ChannelInitializer<>() {
                                                @Override
                                                protected void initChannel(Channel pushed) {
                                                    pushed.close();
                                                }
                                            }));
                        } else {
                            channel.pipeline().addLast(new HttpClientCodec());
                            answered(channel, answer);
                        }
                        channel.closeFuture()
                                .addListener(_ -> answer.completeExceptionally(new IOException("connection closed")));
                    }
                })
                .connect(InetAddress.getLoopbackAddress(), port)
                .await();
        if (!connected.isSuccess()) {
            throw new IOException("connection refused", connected.cause());
        }
        return connected.channel();
    }

    private static Channel stream(Channel connection, CompletableFuture<Reply> answer) throws InterruptedException {
        return new Http2StreamChannelBootstrap(connection)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel stream) {
                        stream.pipeline().addLast(new Http2StreamFrameToHttpObjectCodec(false));
                        answered(stream, answer);
                        stream.closeFuture()
                                .addListener(_ -> answer.completeExceptionally(new IOException("stream closed")));
                    }
                })
                .open()
                .sync()
                .getNow();
    }

    private static void answered(Channel channel, CompletableFuture<Reply> answer) {
        channel.pipeline()
                .addLast(new HttpObjectAggregator(MAX_BODY_BYTES), new SimpleChannelInboundHandler<FullHttpResponse>() {
                    @Override
                    protected void channelRead0(ChannelHandlerContext context, FullHttpResponse response) {
                        answer.complete(new Reply(
                                response.status().code(),
                                Headers.of(response.headers().entries()),
                                response.content().toString(StandardCharsets.UTF_8)));
                    }

                    @Override
                    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                        answer.completeExceptionally(cause);
                        context.close();
                    }
                });
    }

    private static DefaultFullHttpRequest request(Call call) {
        var request = new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1,
                HttpMethod.valueOf(call.method()),
                call.path(),
                Unpooled.copiedBuffer(call.body(), StandardCharsets.UTF_8));
        request.headers().set(HttpHeaderNames.HOST, call.host()).set("x-http2-scheme", "http");
        call.headers().forEach((name, value) -> request.headers().set(name, value));
        if (!call.body().isEmpty()) {
            request.headers()
                    .set(HttpHeaderNames.CONTENT_LENGTH, request.content().readableBytes());
        }
        return request;
    }

    @Override
    public void close() {
        threads.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
