package io.sallyport.analysis.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
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
}
