package io.sallyport.model.read;

import io.sallyport.model.Finding;
import io.sallyport.model.Spec;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Short ways to read text in tests.
final class Reading {

    private Reading() {}

    static ReadResult read(String text) {
        return read("in.yaml", text);
    }

    static ReadResult read(String name, String text) {
        return new YamlReader().read(name, text.getBytes(StandardCharsets.UTF_8));
    }

    /// The spec of the only document, which has to be fault-free.
    static <S extends Spec> S spec(Class<S> type, String text) {
        var result = read(text);
        if (result.documents().size() != 1 || result.hasErrors()) {
            throw new AssertionError(lines(result));
        }
        return type.cast(result.objects().findFirst().orElseThrow().spec());
    }

    static List<String> lines(ReadResult result) {
        return result.findings().stream().map(Reading::line).toList();
    }

    /// `SP1001 spec.hsots 6:3: unknown field ...`
    static String line(Finding finding) {
        var at = finding.location();
        return "%s %s %d:%d: %s".formatted(finding.code().id(), at.path(), at.line(), at.column(), finding.message());
    }

    static List<String> codes(ReadResult result) {
        return result.findings().stream().map(finding -> finding.code().id()).toList();
    }

    /// A VirtualService whose spec is given, indented by two.
    static String virtualService(String spec) {
        return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: shop, namespace: shop}\nspec:\n"
                + spec.indent(2);
    }

    static String gateway(String port) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge}
                spec:
                  servers:
                  - hosts: ["*"]
                    port: {number: %s, name: http, protocol: HTTP}
                """.formatted(port);
    }
}
