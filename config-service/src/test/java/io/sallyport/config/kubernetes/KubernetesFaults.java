package io.sallyport.config.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.cluster.TestCluster;
import io.sallyport.model.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an API server may do to its clients, with one demand: nothing is removed that was not deleted, and nothing that
/// did not change makes a revision.
@Tag("F25")
@Tag("F15")
class KubernetesFaults {

    @TempDir
    Path folder;

    private final TestCluster cluster = TestCluster.start();
    private final String shop = cluster.namespace("shop");
    private final List<Followed> following = new ArrayList<>();

    @AfterEach
    void stop() {
        following.forEach(Followed::close);
        cluster.close();
    }

    private Followed keep(Followed followed) {
        following.add(followed);
        return followed;
    }

    private Followed follow() throws Exception {
        cluster.install(Kind.VIRTUAL_SERVICE);
        put("cart", "cart.test");
        put("list", "list.test");
        return keep(Followed.start(cluster, folder, shop)).ready();
    }

    private void put(String name, String host) {
        cluster.apply("""
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: %s, namespace: %s}
                spec: {hosts: [%s], http: [{route: [{destination: {host: cart}}]}]}
                """.formatted(name, shop, host));
    }

    private void delete(String name) {
        cluster.delete("networking.istio.io/v1", "VirtualService", shop, name);
    }

    private void awaitGone(Followed followed, String name) {
        Followed.await(
                name + " to go",
                () -> followed.find(Kind.VIRTUAL_SERVICE, shop, name).isEmpty(),
                () -> followed.text(Kind.VIRTUAL_SERVICE, shop, name));
    }

    private static void awaitAway(Followed followed, boolean wanted) {
        Followed.await(
                wanted ? "the outage to be noticed" : "the API server to be back",
                () -> followed.source().isAway() == wanted,
                () -> followed.source().watch().problems().toString());
    }

    @Test
    void outageChangesNothingAndWhatHappenedMeanwhileIsSeenAfterIt() throws Exception {
        var followed = follow();
        var before = followed.revision();

        cluster.wire().cut();
        awaitAway(followed, true);
        delete("list");
        put("pay", "pay.test");
        assertThat(followed.revision()).isEqualTo(before);
        assertThat(followed.source().missing()).isEmpty();

        cluster.wire().mend();
        followed.awaitText(Kind.VIRTUAL_SERVICE, shop, "pay", "pay.test");
        awaitGone(followed, "list");
        assertThat(followed.text(Kind.VIRTUAL_SERVICE, shop, "cart")).contains("cart.test");
    }

    @Test
    void droppedConnectionsMakeNoRevision() throws Exception {
        var followed = follow();
        var before = followed.revision();

        for (int i = 0; i < 3; i++) {
            cluster.wire().drop();
            put("pay", "pay-" + i + ".test");
            followed.awaitText(Kind.VIRTUAL_SERVICE, shop, "pay", "pay-" + i + ".test");
        }

        assertThat(followed.revision()).isEqualTo(before + 3);
    }

    @Test
    void eventsThatSayNothingNewMakeNoRevision() throws Exception {
        var followed = follow();
        var before = followed.revision();

        for (int i = 0; i < 5; i++) {
            put("cart", "cart.test");
            cluster.client()
                    .genericKubernetesResources("networking.istio.io/v1", "VirtualService")
                    .inNamespace(shop)
                    .withName("list")
                    .edit(object -> {
                        object.getMetadata()
                                .setAnnotations(Map.of("kubectl.kubernetes.io/last-applied-configuration", "{}"));
                        return object;
                    });
        }
        put("pay", "pay.test");
        followed.awaitText(Kind.VIRTUAL_SERVICE, shop, "pay", "pay.test");

        assertThat(followed.revision()).isEqualTo(before + 1);
    }

    @Test
    void watchThatIsTooOldIsListedAnewWithoutRemovingAnything() throws Exception {
        var followed = follow();
        var before = followed.revision();
        cluster.refuse(
                request -> request.contains("virtualservices") && request.contains("watch=true"), 410, Map.of(), 2);

        cluster.wire().drop();
        delete("list");
        awaitGone(followed, "list");

        assertThat(followed.revision()).isEqualTo(before + 1);
        assertThat(followed.text(Kind.VIRTUAL_SERVICE, shop, "cart")).contains("cart.test");
    }

    @Test
    void throttlingAndFailuresArePatientlyRetried() throws Exception {
        cluster.install(Kind.VIRTUAL_SERVICE);
        put("cart", "cart.test");
        cluster.refuse(request -> request.contains("virtualservices"), 429, Map.of("Retry-After", "1"), 1);
        cluster.refuse(request -> request.contains("virtualservices"), 500, Map.of(), 1);

        var followed = keep(Followed.start(cluster, folder, shop)).ready();

        followed.awaitText(Kind.VIRTUAL_SERVICE, shop, "cart", "cart.test");
    }

    @Test
    void kindThatIsNotServedForAWhileIsUnknownAndNotEmpty() throws Exception {
        var followed = follow();
        var before = followed.revision();
        // As an API server does that has just started and has not read its CRDs yet.
        cluster.refuse(
                request ->
                        request.startsWith("GET /apis/networking.istio.io") && !request.contains("/virtualservices/"),
                404,
                Map.of(),
                12);

        cluster.wire().drop();
        put("pay", "pay.test");
        followed.awaitText(Kind.VIRTUAL_SERVICE, shop, "pay", "pay.test");

        assertThat(followed.revision()).isEqualTo(before + 1);
    }

    @Test
    void restartWhileTheApiServerIsAwayServesWhatIsStored() throws Exception {
        var followed = follow();
        var before = followed.revision();
        cluster.wire().cut();

        var again = keep(followed.restart());
        awaitAway(again, true);
        again.log().awaitJudged();
        assertThat(again.text(Kind.VIRTUAL_SERVICE, shop, "cart")).contains("cart.test");
        assertThat(again.source().missing()).isEmpty();

        delete("list");
        cluster.wire().mend();
        awaitGone(again, "list");
        assertThat(again.revision()).isEqualTo(before + 1);
    }

    @Test
    void restartWithNothingNewMakesNoRevision() throws Exception {
        var followed = follow();
        var before = followed.revision();

        var again = keep(followed.restart()).ready();

        assertThat(again.revision()).isEqualTo(before);
    }
}
