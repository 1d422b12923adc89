package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLog;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.sallyport.analysis.text.CelSyntax;
import io.sallyport.testkit.stack.LocalEnvoy;
import java.io.IOException;
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
            var log = AccessLog.newBuilder()
                    .setName("file")
                    .setTypedConfig(Any.pack(
                            FileAccessLog.newBuilder().setPath("/dev/null").build()));
            log.getFilterBuilder()
                    .getExtensionFilterBuilder()
                    .setName("envoy.access_loggers.extension_filters.cel")
                    .setTypedConfig(Any.pack(
                            ExpressionFilter.newBuilder().setExpression(filter).build()));
            logs.add(log.build());
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
        return JsonFormat.printer()
                .usingTypeRegistry(TypeRegistry.newBuilder()
                        .add(TcpProxy.getDescriptor())
                        .add(FileAccessLog.getDescriptor())
                        .add(ExpressionFilter.getDescriptor())
                        .build())
                .print(bootstrap);
    }
}
