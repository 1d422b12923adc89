package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Any;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLog;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.sallyport.analysis.text.CelSyntax;
import io.sallyport.testkit.stack.ChildProcess;
import io.sallyport.testkit.stack.LocalEnvoy;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What we say of a log filter is what Envoy says: one that it cannot build would take every listener with it.
@Timeout(120)
@Tag("L6")
class LogFiltersTest {

    private static final List<String> BUILT = List.of(
            "response.code >= 400",
            "!has(response.code) || response.code in [200, 204]",
            "nothing.of.the.sort == 1",
            "request.path.matches('^/a(b|c)$') || request.path.matches(r'\\d+')",
            "size(request.path) > 2 && request.path.startsWith('/') && request.path.endsWith('x')",
            "request.path.contains('a') && 'x' in request.headers",
            "re.extract(request.path, 'a', 'b') == 'a' || re.capture(request.path, 'a') == 'a'",
            "int('2') == 2 && uint(1) == 1u && double(1) == 1.0 && bool('true') && bytes('a') == b'a'",
            "type(response.code) == int || dyn(1) == 1",
            "timestamp('2026-01-01T00:00:00Z') < request.time && duration('1s') < request.duration",
            "request.time.getFullYear() + request.time.getMonth() + request.time.getDate() > 1",
            "request.time.getDayOfMonth() + request.time.getDayOfWeek() + request.time.getDayOfYear() > 1",
            "request.time.getHours('UTC') + request.time.getMinutes() + request.time.getSeconds() > 1",
            "request.time.getMilliseconds() > 1 ? true : {'a': [1, 2]}['a'][0] == 1");

    // Each holds of the one request: GET /a with x: 9, which is answered 500.
    private static final List<String> HOLDING = List.of(
            "response.code == 500",
            "response.code >= 400 || request.duration > duration('5s')",
            "!has(response.code) || response.code == 500",
            "response.code != null",
            "response.code == 500u && response.code > 5.5 && response.code in [500, 501u]",
            "request.headers.x == '9' && request.headers['x'] == '9' && 'x' in request.headers",
            "request['path'] == '/a' && .response['code'] == 500 && 'path' in request",
            "connection.id >= 0u && !connection.mtls",
            "-response.code == -500 && response.code + 1 == 501 && response.code / 100 == 5 && response.code % 100 == 0",
            "contains(request.path, 'a') && request.path.contains('a') && matches(request.path, '^/a')",
            "size(request.path) == 2 && request.headers['x'].size() == 1 && size(metadata.filter_metadata) == 0",
            "int(request.headers['x']) > 5 && int(request.headers.x) == 9 && uint('500') == 500u && double(response.code) == 500.0",
            "request.time + duration('1s') > request.time && duration('1s') + request.time > request.time",
            "request.time - request.time == duration('0s') && request.time - duration('1s') < request.time",
            "'a' < 'b' && b'a' < b'b' && false < true && [1] == [1] && metadata.filter_metadata == {}",
            "type(response.code) == int && dyn(response.code) == 500",
            "(response.code >= 500 ? request.method : 'none') == 'GET'",
            "true ? request.time.getHours('UTC') >= 0 : false",
            "request.duration.getMilliseconds() >= 0",
            "xds.listener_direction == 0 && xds.route_name == 'r' && xds['virtual_host_name'] == 'v' && xds.filter_chain_name == ''",
            "source.address != '' && destination.address != ''",
            "request.size == 0 && request.total_size > 0 && request.headers_bytes > 0 && request.protocol == 'HTTP/1.1'",
            "request.url_path == '/a' && request.query == '' && request.host != '' && request.scheme == 'http'",
            "response.flags == 0 && response.size >= 0 && response.code_details == 'direct_response'",
            "bytes(request.path) == b'/a' && re.extract(request.path, 'a', 'b') == 'b' && {'a': 1}.a == 1 && [true][0]",
            "upstream.request_attempt_count == 0u && request.time > timestamp('2020-01-01T00:00:00Z')");

    private static final List<String> WITHOUT_ATTRIBUTE = List.of(
            "response.codee == 500",
            "!(response.codee == 500)",
            "has(response.codee)",
            "nothing.of.the.sort == 1",
            "code == 500",
            "request['codee'] == 1",
            "connection.tls_versionn == ''");

    private static final List<String> WITHOUT_TYPE = List.of(
            "response.code",
            "response.code == '500'",
            "request.headers['x'] > 5",
            "request.headers['x'] == 5",
            "request.duration > 0",
            "'x' in request.path",
            "request.path + 'x' == '/ax'",
            "response.code * 1.0 == 500.0",
            "response.code + 1u == 501",
            "response.code && true",
            "!response.code",
            "response.code ? true : false",
            "request.headers.contains('x')",
            "size(response.code) == 2",
            "request.duration.getFullYear() >= 0",
            "request.path.foo == 1",
            "request.time > 5",
            "[1] < [2]",
            "request.path == b'/a'");

    @TempDir
    Path scratch;

    @Test
    void whatHasNoProblemIsBuilt() throws IOException, InterruptedException {
        assertThat(BUILT)
                .allSatisfy(filter -> assertThat(CelSyntax.problem(filter).or(() -> CelSyntax.unbuildable(filter)))
                        .isEmpty());
        assertThat(verdict(BUILT)).isEqualTo("OK");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "foo(request.path)",
                "request.path.foo()",
                "string(response.code) == '200'",
                "request.path.matches('(')",
                "request.headers.exists(h, h == 'a')",
                "request.path.lowerAscii() == 'a'",
                "Foo{a: 1}.a == 1",
                "request.path[?0] == 'a'",
                "cel.bind(x, 1, x == 1)",
                "size()",
                "request.path.size(1) == 1"
            })
    void whatEnvoyRefusesHasAProblem(String filter) throws IOException, InterruptedException {
        assertThat(CelSyntax.unbuildable(filter)).isPresent();
        assertThat(verdict(List.of(filter))).isNotEqualTo("OK");
    }

    @Test
    void whatHoldsHasNoMistake() throws IOException {
        assertThat(HOLDING)
                .allSatisfy(filter -> assertThat(CelSyntax.problem(filter)
                                .or(() -> CelSyntax.unbuildable(filter))
                                .or(() -> CelSyntax.unknownAttribute(filter))
                                .or(() -> CelSyntax.mistyped(filter)))
                        .isEmpty());
        assertThat(logged(HOLDING)).isEqualTo(HOLDING);
    }

    @Test
    void whatHasAnUnknownAttributeIsNotLogged() throws IOException {
        assertThat(WITHOUT_ATTRIBUTE)
                .allSatisfy(
                        filter -> assertThat(CelSyntax.unknownAttribute(filter)).isPresent());
        assertThat(logged(WITHOUT_ATTRIBUTE)).isEmpty();
    }

    @Test
    void whoseTypesDoNotFitIsNotLogged() throws IOException {
        assertThat(WITHOUT_TYPE)
                .allSatisfy(filter -> assertThat(CelSyntax.mistyped(filter)).isPresent());
        assertThat(logged(WITHOUT_TYPE)).isEmpty();
    }

    // The filters by which a real Envoy logs one request.
    private List<String> logged(List<String> filters) throws IOException {
        var socket = scratch.resolve("envoy.sock");
        var rows = scratch.resolve("rows");
        var file = Files.writeString(scratch.resolve("bootstrap.json"), http(filters, socket, rows));
        var command = List.of(
                LocalEnvoy.path().toString(),
                "-c",
                file.toString(),
                "--disable-hot-restart",
                "--concurrency",
                "1",
                "-l",
                "info");
        // Its last rows are written when it ends.
        try (var envoy = ChildProcess.start(line -> line.contains("starting workers"), command);
                var channel = opened(socket)) {
            assertThat(envoy.process().isAlive()).isTrue();
            channel.write(ByteBuffer.wrap("GET /a HTTP/1.1\r\nhost: a.test\r\nx: 9\r\nconnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII)));
            var reply = new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(reply).startsWith("HTTP/1.1 500");
        }
        return Files.readAllLines(rows);
    }

    // Workers listen a moment after they were started.
    private static SocketChannel opened(Path socket) {
        return await().ignoreExceptions()
                .until(() -> SocketChannel.open(UnixDomainSocketAddress.of(socket)), SocketChannel::isConnected);
    }

    private static String http(List<String> filters, Path socket, Path rows) throws IOException {
        var manager = HttpConnectionManager.newBuilder().setStatPrefix("http");
        for (var filter : filters) {
            var sink = FileAccessLog.newBuilder().setPath(rows.toString());
            // What stands between percent signs would be a command.
            sink.getLogFormatBuilder().getTextFormatSourceBuilder().setInlineString(filter.replace("%", "%%") + "\n");
            manager.addAccessLog(log(filter, sink.build()));
        }
        var host = manager.getRouteConfigBuilder()
                .addVirtualHostsBuilder()
                .setName("v")
                .addDomains("*");
        var route = host.addRoutesBuilder().setName("r");
        route.getMatchBuilder().setPrefix("/");
        route.getDirectResponseBuilder().setStatus(500);
        manager.addHttpFiltersBuilder()
                .setName("envoy.filters.http.router")
                .setTypedConfig(Any.pack(Router.getDefaultInstance()));
        var bootstrap = Bootstrap.newBuilder();
        var listener =
                bootstrap.getStaticResourcesBuilder().addListenersBuilder().setName("l");
        listener.getAddressBuilder().getPipeBuilder().setPath(socket.toString());
        listener.addFilterChainsBuilder()
                .addFilters(Filter.newBuilder().setName("http").setTypedConfig(Any.pack(manager.build())));
        return text(bootstrap);
    }

    private static AccessLog log(String filter, FileAccessLog sink) {
        var log = AccessLog.newBuilder().setName("file").setTypedConfig(Any.pack(sink));
        log.getFilterBuilder()
                .getExtensionFilterBuilder()
                .setName("envoy.access_loggers.extension_filters.cel")
                .setTypedConfig(Any.pack(
                        ExpressionFilter.newBuilder().setExpression(filter).build()));
        return log.build();
    }

    private String verdict(List<String> filters) throws IOException, InterruptedException {
        var file = Files.writeString(scratch.resolve("bootstrap.json"), json(filters));
        var process = new ProcessBuilder(LocalEnvoy.path().toString(), "--mode", "validate", "-c", file.toString())
                .redirectErrorStream(true)
                .redirectOutput(scratch.resolve("said").toFile())
                .start();
        try {
            assertThat(process.waitFor(30, TimeUnit.SECONDS))
                    .as("Envoy's answer")
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        return process.exitValue() == 0 ? "OK" : Files.readString(scratch.resolve("said"));
    }

    private static String json(List<String> filters) throws IOException {
        var logs = new ArrayList<AccessLog>();
        for (var filter : filters) {
            logs.add(log(filter, FileAccessLog.newBuilder().setPath("/dev/null").build()));
        }
        var proxy = TcpProxy.newBuilder()
                .setStatPrefix("tcp")
                .setCluster("nowhere")
                .addAllAccessLog(logs)
                .build();
        var bootstrap = Bootstrap.newBuilder();
        var listener =
                bootstrap.getStaticResourcesBuilder().addListenersBuilder().setName("l");
        listener.getAddressBuilder()
                .getSocketAddressBuilder()
                .setAddress("127.0.0.1")
                .setPortValue(0);
        listener.addFilterChainsBuilder()
                .addFilters(Filter.newBuilder().setName("tcp").setTypedConfig(Any.pack(proxy)));
        return text(bootstrap);
    }

    private static String text(Bootstrap.Builder bootstrap) throws IOException {
        return JsonFormat.printer()
                .usingTypeRegistry(TypeRegistry.newBuilder()
                        .add(TcpProxy.getDescriptor())
                        .add(HttpConnectionManager.getDescriptor())
                        .add(Router.getDescriptor())
                        .add(FileAccessLog.getDescriptor())
                        .add(ExpressionFilter.getDescriptor())
                        .build())
                .print(bootstrap);
    }
}
