package io.sallyport.analysis.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Which log filters Envoy builds. The conformance tests show the same lists to a real one.
@Tag("L6")
class CelSyntaxTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "response.code >= 400",
                "!has(response.code) || response.code == 200u",
                "request.path.matches('^/a(b|c)$')",
                "size(request.path) > 2 && request.path.startsWith('/')",
                "re.extract(request.path, 'a', 'b') == 'a'",
                "'x' in request.headers",
                "request.time.getHours() == 1 && request.time.getHours('UTC') == 1",
                "response.code in [200, 204]"
            })
    void expressionsOfTheGrammarHaveNoProblem(String expression) {
        assertThat(CelSyntax.problem(expression)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "response.code >= 400",
                "request.path.matches('^/a(b|c)$')",
                "request.path.matches(r'\\d+')",
                "size(request.path) > 2 && request.path.startsWith('/')",
                "re.extract(request.path, 'a', 'b') == 'a'",
                "'x' in request.headers && dyn(1) == 1",
                "request.time.getHours() == 1 && request.time.getHours('UTC') == 1"
            })
    void usualFiltersAreBuilt(String expression) {
        assertThat(CelSyntax.unbuildable(expression)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "foo(request.path)",
                "request.path.foo()",
                "string(response.code) == '200'",
                "request.path.matches('(')",
                "request.headers.exists(h, h == 'a')",
                "[1].map(x, x * 2) == [2]",
                "request.path.lowerAscii() == 'a'",
                "Foo{a: 1}.a == 1",
                "request.path[?0] == 'a'",
                "cel.bind(x, 1, x == 1)",
                "size()"
            })
    void whatEnvoyHasNotIsNamed(String expression) {
        assertThat(CelSyntax.problem(expression)).isEmpty();
        assertThat(CelSyntax.unbuildable(expression)).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
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
                "source.address != '' && destination.address != '' && source.port > 0 && destination.port > 0",
                "request.size == 0 && request.total_size > 0 && request.headers_bytes > 0 && request.protocol == 'HTTP/1.1'",
                "request.url_path == '/a' && request.query == '' && request.host != '' && request.scheme == 'http'",
                "response.flags == 0 && response.size >= 0 && response.code_details == 'direct_response'",
                "bytes(request.path) == b'/a' && re.extract(request.path, 'a', 'b') == 'b' && {'a': 1}.a == 1 && [true][0]",
                "upstream.request_attempt_count == 0u && request.time > timestamp('2020-01-01T00:00:00Z')",
                "filter_state['istio.peer'].name == 'a' || upstream_filter_state.x == b'y'",
                "metadata.filter_metadata['envoy.filters.http.rbac']['shadow_engine_result'] == 'denied'",
                "upstream.address == '1.2.3.4:80' && upstream.port == 80 && upstream.locality.zone == 'a' && upstream.num_endpoints > 1u",
                "xds.node.id == 'me' && xds.cluster_name == 'BlackHoleCluster' && xds.route_metadata.filter_metadata['a'].b == 'c'",
                "connection.requested_server_name.endsWith('.test') && connection.tls_version == 'TLSv1.3'",
                "response.grpc_status != 0 && response.trailers['grpc-message'] == '' && response.backend_latency > duration('1s')",
                "request.referer == '' || request.useragent.startsWith('curl') || request.id == ''",
                "upstream.cx_pool_ready_duration < duration('1s') && connection.termination_details.contains('rbac')"
            })
    void whatCanHoldIsNotComplainedOf(String expression) {
        assertThat(CelSyntax.problem(expression).or(() -> CelSyntax.unbuildable(expression)))
                .isEmpty();
        assertThat(CelSyntax.unknownAttribute(expression)).isEmpty();
        assertThat(CelSyntax.mistyped(expression)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "response.codee == 500 | \"response.codee\" at 0 is no attribute of Envoy's (expected: \"response.code\")",
                "true && reponse.code > 4 | \"reponse.code\" at 8 is no attribute of Envoy's (expected: \"response.code\")",
                "code >= 400 | \"code\" at 0 is no attribute of Envoy's (expected: \"response.code\")",
                "has(request.userAgents) | \"request.userAgents\" at 4 is no attribute of Envoy's (expected: \"request.useragent\")",
                "request['hots'] == 'a' | \"request.hots\" at 0 is no attribute of Envoy's (expected: \"request.host\")",
                "shop.test.startsWith('a') | \"shop.test\" at 0 is no attribute of Envoy's (expected: one like request.path, response.code or connection.mtls)",
                "whatever | \"whatever\" at 0 is no attribute of Envoy's (expected: one like request.path, response.code or connection.mtls)"
            })
    void anUnknownAttributeIsNamedWithItsPlace(String expression, String message) {
        assertThat(CelSyntax.unknownAttribute(expression)).contains(message);
        assertThat(CelSyntax.mistyped(expression)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "response.code | the filter is an int (expected: a bool, as of response.code >= 400)",
                "response.code == '500' | \"==\" at 14 compares an int with a string, which are never equal (expected: two of one type)",
                "request.headers['x'] > 5 | \">\" at 21 compares a string with an int (expected: two of one type)",
                "request.headers.x > 5 | \">\" at 18 compares a string with an int (expected: two of one type)",
                "request.duration > 1 | \">\" at 17 compares a duration with an int (expected: two of one type)",
                "'a' in request.path | \"in\" at 4 looks into a string (expected: a list or map)",
                "request.path + 'x' == '/ax' | \"+\" at 13 between a string and a string (expected: two numbers of one type, or times)",
                "1 + response.code * 2.0 > 3 | \"*\" at 18 between an int and a double (expected: two numbers of one type, or times)",
                "response.code && true | an int at \"&&\" at 14 (expected: a bool)",
                "!response.code | an int at \"!\" at 0 (expected: a bool)",
                "response.code ? true : false | an int at \"?\" at 14 (expected: a bool)",
                "request.headers.contains('x') | \"contains\" at 16 takes no map (expected: a string)",
                "size(response.code) == 3 | \"size\" at 0 takes no int (expected: a string, list or map)",
                "request.path.getHours() == 1 | \"getHours\" at 13 takes no string (expected: a timestamp)",
                "request.path.foo == 'a' | \"foo\" at 13 of a string (expected: nothing behind it)"
            })
    void typesThatDoNotFitAreNamedWithTheirPlace(String expression, String message) {
        assertThat(CelSyntax.mistyped(expression)).contains(message);
        assertThat(CelSyntax.unknownAttribute(expression)).isEmpty();
    }
}
