package io.sallyport.model.schema;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.model.Kind;
import io.sallyport.model.read.YamlReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SchemaTest {

    @ParameterizedTest
    @EnumSource(Kind.class)
    void everyKindHasFields(Kind kind) {
        assertThat(FieldPath.of(kind)).isNotEmpty();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void everyMemberOfAGroupAndEveryReplacementIsAField(Kind kind) {
        for (var path : FieldPath.of(kind)) {
            if (path.field().type() instanceof FieldType.Message message) {
                message.schema()
                        .groups()
                        .forEach(group -> assertThat(message.schema().names())
                                .as(path.path())
                                .containsAll(group.members()));
            }
            if (!path.field().instead().isEmpty()) {
                var siblings = FieldPath.of(kind).stream()
                        .filter(other -> other.owner() == path.owner())
                        .map(other -> other.field().name());
                assertThat(siblings).as(path.path()).contains(path.field().instead());
            }
        }
    }

    @Test
    void pathsShowListsAndMappings() {
        assertThat(FieldPath.of(Kind.VIRTUAL_SERVICE))
                .extracting(FieldPath::path)
                .contains("spec.http[].match[].headers{}.exact", "spec.exportTo");
        assertThat(FieldPath.of(Kind.ENDPOINT_SLICE))
                .extracting(FieldPath::path)
                .contains("endpoints[].addresses");
    }

    @Test
    void snakeCaseBecomesCamelCaseAsInProtobuf() {
        assertThat(Schema.camelCase("consecutive_5xx_errors")).isEqualTo("consecutive5xxErrors");
        assertThat(Schema.camelCase("h2_upgrade_policy")).isEqualTo("h2UpgradePolicy");
    }

    @Test
    void whatIsNoNameOfProtobufStaysAsItIs() {
        for (var name : new String[] {"hosts", "hosts_", "_hosts", "h2__upgrade", "h2_upgradePolicy", ""}) {
            assertThat(Schema.camelCase(name)).isEqualTo(name);
        }
    }

    @Test
    void aWalkSeesTheGivenFieldsOnly() {
        var text = """
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: api}
                spec:
                  host: api
                  trafficPolicy:
                    outlierDetection: {consecutiveErrors: 5}
                    loadBalancer: {simple: LEAST_CONN}
                  subsets: [{name: v1, labels: {app: api}}]
                """;
        var object = new YamlReader()
                .read("in.yaml", text.getBytes(StandardCharsets.UTF_8))
                .objects()
                .findFirst()
                .orElseThrow();
        var deprecated = new ArrayList<String>();
        List<String> seen = new ArrayList<>();
        SpecWalk.walk(object, (path, _, field, _) -> {
            seen.add(path.toString());
            if (field.deprecated()) {
                deprecated.add(path + " -> " + field.instead());
            }
        });

        assertThat(deprecated)
                .containsExactly("spec.trafficPolicy.outlierDetection.consecutiveErrors -> consecutive5xxErrors");
        assertThat(seen).contains("spec.subsets[0].name").doesNotContain("spec.exportTo");
    }
}
