package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which rules nothing reaches.
@Tag("R16")
class ReachTest {

    /// What the delegate has no rule for goes on to the next rule of the root.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{%s}, {match: [{uri: {prefix: /a}}], directResponse: {status: 201}}",
                "{match: [{uri: {exact: /a}}], %s}, {match: [{uri: {exact: /a}}], directResponse: {status: 201}}",
                "{match: [{uri: {prefix: /a/}}], %s}, {match: [{uri: {prefix: /a/b}}], directResponse: {status: 201}}"
            })
    void aDelegateLeavesTheRest(String rules) {
        assertThat(codes(rules.formatted("delegate: {name: part}"))).isEmpty();
        assertThat(codes(rules.formatted("directResponse: {status: 200}"))).hasSize(1);
    }

    private static List<String> codes(String rules) {
        return Documents.findings("""
                        apiVersion: networking.istio.io/v1
                        kind: VirtualService
                        metadata: {name: root, namespace: shop}
                        spec: {hosts: [a.test], gateways: [edge], http: [%s]}
                        """.formatted(rules)).stream()
                .map(finding -> finding.code().id())
                .filter(code -> code.startsWith("SP42"))
                .toList();
    }
}
