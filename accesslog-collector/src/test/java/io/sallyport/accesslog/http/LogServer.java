package io.sallyport.accesslog.http;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import io.sallyport.accesslog.api.AccessLogApi;
import io.sallyport.accesslog.api.Callers;
import io.sallyport.accesslog.api.Tails;
import io.sallyport.accesslog.config.ConfigurationSource;
import io.sallyport.accesslog.config.RuleList;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.receive.Ledger;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.Readiness;
import io.sallyport.runtime.http.HttpServer;
import io.sallyport.runtime.http.Mount;
import io.sallyport.runtime.metric.Metrics;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/// The HTTP API over a DuckDB with [#COUNT] rows, ten minutes after the first of them, for two callers.
final class LogServer {

    /// The token of whoever sees all rows, and of whoever sees those of the namespace `pay`.
    static final String ALL = "all-1234567890abcdef1234567890abcdef";

    static final String PAY = "pay-1234567890abcdef1234567890abcdef";

    static final int COUNT = 300;
    static final Instant NOW = Rows.START.plusSeconds(600);
    static final HttpClient CLIENT =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

    private final Tails tails = new Tails();
    private final LogStore store;
    private final GrpcServer service;
    private final ManagedChannel channel;
    private final HttpServer server;

    /// @param name of the gRPC server in this process
    /// @param around what stands between the API and its store
    LogServer(String name, Path folder, UnaryOperator<LogStore> around) throws Exception {
        store = DuckStore.open(DuckSettings.local(folder), () -> Rows.START, KafkaSettings.TOPIC);
        var rows = Rows.many(COUNT, 5);
        store.append(
                KafkaSettings.TOPIC,
                IntStream.range(0, COUNT)
                        .mapToObj(i -> new KafkaRow(0, i, rows.get(i)))
                        .toList(),
                Map.of(0, (long) COUNT));
        var api = new AccessLogApi(
                around.apply(store), new Ledger(), tails, new RuleList(ConfigurationSource.NONE), () -> NOW);
        var token = BearerToken.of(ALL);
        service = GrpcServer.inProcess(name)
                .with(new Callers(List.of(
                        new Callers.Caller(token, Optional.empty()),
                        Callers.Caller.of(BearerToken.of(PAY), List.of("pay")))))
                .serve(api)
                .start(name);
        channel = Channels.inProcess(name);
        server = HttpServer.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new Readiness(),
                new Metrics(),
                Optional.of(token),
                List.of(new Mount(LogServlet.PATH, new LogServlet(channel), true)));
    }

    Tails tails() {
        return tails;
    }

    int port() {
        return server.port();
    }

    /// The same by gRPC.
    Channel channel(String token) {
        var headers = new Metadata();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
        return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    HttpRequest.Builder request(String token, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + "/accesslog/v1/" + path))
                .timeout(Duration.ofSeconds(60))
                .header("Authorization", "Bearer " + token);
    }

    HttpResponse<String> get(String token, String path) throws IOException, InterruptedException {
        return CLIENT.send(request(token, path).build(), BodyHandlers.ofString());
    }

    HttpResponse<String> post(String token, String path, String body) throws IOException, InterruptedException {
        return CLIENT.send(
                request(token, path).POST(BodyPublishers.ofString(body)).build(), BodyHandlers.ofString());
    }

    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    void stop() throws Exception {
        server.close();
        channel.shutdownNow();
        service.close();
        store.close();
    }
}
