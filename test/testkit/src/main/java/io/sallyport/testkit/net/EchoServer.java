package io.sallyport.testkit.net;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerUpgradeHandler;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http2.CleartextHttp2ServerUpgradeHandler;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamFrameToHttpObjectCodec;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/// A backend that answers 200 with its name, over HTTP/1.1 and over HTTP/2 without TLS, and remembers each request.
///
/// Two query parameters: `delay=400ms` answers later, `fail=2&id=x` answers the first two requests with that id by 503.
public final class EchoServer implements AutoCloseable {

    /// The response field that carries the backend's name.
    public static final String NAME_HEADER = "x-backend";

    private static final int MAX_BODY_BYTES = 16 * 1024 * 1024;

    private final String name;
    private final EventLoopGroup threads = new NioEventLoopGroup(1);
    private final Channel channel;
    private final @Nullable SslContext tls;
    private final List<Seen> seen = new CopyOnWriteArrayList<>();
    private final Map<String, AtomicInteger> failures = new ConcurrentHashMap<>();

    public EchoServer(String name) {
        this(name, null, InetAddress.getLoopbackAddress());
    }

    /// With TLS: shows the certificate, and wants clients of an authority if there is one.
    public static EchoServer secure(String name, Path certificate, Path key, Optional<Path> clients)
            throws SSLException {
        return secure(name, certificate, key, clients, InetAddress.getLoopbackAddress());
    }

    /// The same with the version of TLS that alone is spoken, `TLSv1.3` say.
    public static EchoServer secure(String name, Path certificate, Path key, Optional<Path> clients, String version)
            throws SSLException {
        var context = context(certificate, key, clients).protocols(version).build();
        return new EchoServer(name, context, InetAddress.getLoopbackAddress());
    }

    /// The same at an address of this machine: a Kubernetes API server takes no endpoints of loopback.
    public static EchoServer secure(
            String name, Path certificate, Path key, Optional<Path> clients, InetAddress address) throws SSLException {
        return new EchoServer(name, context(certificate, key, clients).build(), address);
    }

    private static SslContextBuilder context(Path certificate, Path key, Optional<Path> clients) {
        var context = SslContextBuilder.forServer(certificate.toFile(), key.toFile())
                .sslProvider(SslProvider.JDK)
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        List.of("h2", "http/1.1", "istio")));
        clients.ifPresent(authority -> context.trustManager(authority.toFile()).clientAuth(ClientAuth.REQUIRE));
        return context;
    }

    private EchoServer(String name, @Nullable SslContext tls, InetAddress address) {
        this.name = name;
        this.tls = tls;
        this.channel = new ServerBootstrap()
                .group(threads)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel connection) {
                        accept(connection);
                    }
                })
                .bind(new InetSocketAddress(address, 0))
                .syncUninterruptibly()
                .channel();
    }

    public String name() {
        return name;
    }

    public int port() {
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    /// Every request so far, oldest first.
    public List<Seen> seen() {
        return List.copyOf(seen);
    }

    /// Forgets what was seen and which requests have failed.
    public void reset() {
        seen.clear();
        failures.clear();
    }

    private void accept(Channel connection) {
        if (tls != null) {
            connection.pipeline().addLast(tls.newHandler(connection.alloc()));
        }
        var streams = new Http2MultiplexHandler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel stream) {
                stream.pipeline()
                        .addLast(
                                new Http2StreamFrameToHttpObjectCodec(true),
                                new HttpObjectAggregator(MAX_BODY_BYTES),
                                new Echo("HTTP/2"));
            }
        });
        var http1 = new HttpServerCodec();
        var preface = new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel priorKnowledge) {
                priorKnowledge
                        .pipeline()
                        .addLast(Http2FrameCodecBuilder.forServer().build(), streams);
            }
        };
        connection
                .pipeline()
                .addLast(
                        new CleartextHttp2ServerUpgradeHandler(
                                http1, new HttpServerUpgradeHandler(http1, _ -> null), preface),
                        new HttpObjectAggregator(MAX_BODY_BYTES),
                        new Echo("HTTP/1.1"));
    }

    @Override
    public void close() {
        channel.close().syncUninterruptibly();
        threads.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private final class Echo extends SimpleChannelInboundHandler<FullHttpRequest> {

        private final String protocol;

        Echo(String protocol) {
            this.protocol = protocol;
        }

        // An answer that cannot be written shows as a missing answer at the client.
        @Override
        @SuppressWarnings("FutureReturnValueIgnored")
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            seen.add(new Seen(
                    name,
                    protocol,
                    request.method().name(),
                    request.uri(),
                    String.valueOf(request.headers().get(HttpHeaderNames.HOST)),
                    Headers.of(request.headers().entries()),
                    opened(context.channel())));
            var query = new QueryStringDecoder(request.uri()).parameters();
            var status = fails(query) ? HttpResponseStatus.SERVICE_UNAVAILABLE : HttpResponseStatus.OK;
            var body = Unpooled.copiedBuffer(name + "\n", StandardCharsets.UTF_8);
            var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, body);
            response.headers()
                    .set(NAME_HEADER, name)
                    .set("x-backend-secret", "1")
                    .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
            var streamId = request.headers().get("x-http2-stream-id");
            if (streamId != null) {
                response.headers().set("x-http2-stream-id", streamId);
            }
            HttpUtil.setKeepAlive(response, HttpUtil.isKeepAlive(request));
            context.executor()
                    .schedule(() -> context.writeAndFlush(response), delayMillis(query), TimeUnit.MILLISECONDS);
        }

        // A client that does not like the certificate is the test's business, not the log's.
        @Override
        @SuppressWarnings("FutureReturnValueIgnored")
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }

        // A stream of HTTP/2 has its connection for a parent.
        private static Seen.Tls opened(Channel channel) {
            var parent = channel.parent();
            var own = channel.pipeline().get(SslHandler.class);
            var handler =
                    own != null || parent == null ? own : parent.pipeline().get(SslHandler.class);
            if (handler == null || !(handler.engine().getSession() instanceof ExtendedSSLSession session)) {
                return Seen.Tls.NONE;
            }
            var asked = session.getRequestedServerNames().stream()
                    .filter(SNIHostName.class::isInstance)
                    .map(wanted -> ((SNIHostName) wanted).getAsciiName())
                    .findFirst();
            return new Seen.Tls(asked.orElse(""), shown(session));
        }

        private static String shown(ExtendedSSLSession session) {
            try {
                return session.getPeerPrincipal().getName().replaceFirst(".*CN=([^,]+).*", "$1");
            } catch (SSLPeerUnverifiedException none) {
                return "";
            }
        }

        private boolean fails(Map<String, List<String>> query) {
            var times =
                    Integer.parseInt(query.getOrDefault("fail", List.of("0")).getFirst());
            var id = query.getOrDefault("id", List.of("")).getFirst();
            return times > 0
                    && failures.computeIfAbsent(id, _ -> new AtomicInteger()).getAndIncrement() < times;
        }

        private static long delayMillis(Map<String, List<String>> query) {
            var delay = query.getOrDefault("delay", List.of("0ms")).getFirst();
            return Long.parseLong(delay.substring(0, delay.length() - "ms".length()));
        }
    }
}
