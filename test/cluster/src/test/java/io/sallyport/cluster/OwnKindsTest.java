package io.sallyport.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// What tests take away with them from somebody's cluster. Part of `./sallyport test --kubernetes`.
@EnabledIfSystemProperty(named = "sallyport.kubernetes", matches = "true")
class OwnKindsTest {

    private final String group = "own-" + UUID.randomUUID().toString().substring(0, 8) + ".example.com";
    private final OwnKinds own = new OwnKinds();
    private final TestCluster cluster = TestCluster.start();

    @AfterEach
    void stop() {
        crd().delete();
        cluster.close();
    }

    private Resource<CustomResourceDefinition> crd() {
        return cluster.client().apiextensions().v1().customResourceDefinitions().withName("things." + group);
    }

    private String text() {
        return """
                apiVersion: apiextensions.k8s.io/v1
                kind: CustomResourceDefinition
                metadata: {name: things.%1$s}
                spec:
                  group: %1$s
                  scope: Namespaced
                  names: {kind: Thing, plural: things}
                  versions:
                  - name: v1
                    served: true
                    storage: true
                    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
                """.formatted(group);
    }

    private CustomResourceDefinition create() {
        var created = cluster.client()
                .resource(Serialization.unmarshal(text(), CustomResourceDefinition.class))
                .create();
        crd().waitUntilCondition(RealApi::isEstablished, 30, TimeUnit.SECONDS);
        return created;
    }

    private boolean stays() {
        own.remove(cluster.client());
        var left = crd().get();
        return left != null && left.getMetadata().getDeletionTimestamp() == null;
    }

    @Test
    void kindThatNobodyTouchedGoes() {
        own.add(create());

        assertThat(stays()).isFalse();
    }

    @Test
    void kindThatSomebodyAppliedStays() {
        own.add(create());
        crd().edit(crd -> {
            crd.getMetadata().getAnnotations().put("release", "theirs");
            return crd;
        });

        assertThat(stays()).isTrue();
    }

    @Test
    void kindThatSomebodyMadeAnewStays() {
        own.add(create());
        crd().delete();
        crd().waitUntilCondition(found -> found == null, 30, TimeUnit.SECONDS);
        create();

        assertThat(stays()).isTrue();
    }

    @Test
    void kindOfWhichSomebodyHasAnObjectStays() {
        own.add(create());
        cluster.apply("""
                apiVersion: %s/v1
                kind: Thing
                metadata: {name: theirs, namespace: %s}
                """.formatted(group, cluster.namespace("things")));

        assertThat(stays()).isTrue();
    }

    @Test
    void objectOfSomebodyElseIsNotAppliedOver() {
        try (var first = TestCluster.start()) {
            first.apply(ingressClass());
            assertThatThrownBy(() -> cluster.apply(ingressClass()))
                    .hasMessageContaining("IngressClass \"own-")
                    .hasMessageContaining("is there already");
            first.apply(ingressClass());
        }
    }

    private String ingressClass() {
        return """
                apiVersion: networking.k8s.io/v1
                kind: IngressClass
                metadata: {name: %s}
                spec: {controller: example.com/theirs}
                """.formatted(group);
    }
}
