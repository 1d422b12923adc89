package io.sallyport.secret.sds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.rpc.Code;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.sallyport.secret.material.Issued;
import io.sallyport.secret.store.MasterKey;
import io.sallyport.secret.store.SealedFiles;
import io.sallyport.secret.store.SecretKeeper;
import io.sallyport.secret.store.SecretName;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a proxy might say to get more than it may, or to bring the stream out of step.
@Tag("V6")
class HostileStreamTest {

    private static final String SHOP = "kubernetes://shop";
    private static final Issued FIRST = Issued.leaf("shop.test", Issued.ec(), null);
    private static final Issued SECOND = Issued.leaf("shop.test", Issued.ec(), null);

    @TempDir
    Path scratch;

    private SecretKeeper keeper;
    private Shelf shelf;
    private DeltaSession session;

    @BeforeEach
    void open() throws Exception {
        var random = new SecureRandom();
        keeper = new SecretKeeper(
                new SealedFiles(scratch, MasterKey.inFile(scratch.resolve("key"), random), random),
                InstantSource.fixed(Issued.NOW));
        offer("istio-system", FIRST);
        offer("other", FIRST);
        shelf = new Shelf(keeper::secrets, keeper::withdrawn, Optional.empty(), () -> Lendings.NONE);
        session = new DeltaSession(new Subscription(new Node("edge", "istio-system", new TreeMap<>())));
    }

    @Test
    @Tag("H54")
    @Tag("H63")
    void everyNameOfAForeignSecretIsAnsweredAsOneOfNone() throws Exception {
        var names = List.of(
                "kubernetes://other/shop",
                "kubernetes://other/none",
                "kubernetes://istio-system/../other/shop",
                "kubernetes://../other/shop",
                "kubernetes:///shop",
                "kubernetes://SHOP",
                "KUBERNETES://shop",
                "kubernetes://shop\n",
                "kubernetes://shop\0",
                "kubernetes://shop ",
                "kubernetes://-cacert",
                "kubernetes-gateway://other/shop",
                "xdstp://sallyport/envoy.Secret/shop",
                "lent://other/shop?gateway=shop/edge&hosts=0011223344556677",
                "lent://other/shop",
                "lent://sallyport-files/x?gateway=shop/edge&hosts=0011223344556677",
                "file-cert:/etc/shadow~/etc/shadow",
                "file-root:/proc/self/environ",
                "file-root:/var/run/secrets/kubernetes.io/serviceaccount/token",
                "default",
                "ROOTCA",
                "*",
                "");
        session.request(DeltaDiscoveryRequest.newBuilder()
                .addAllResourceNamesSubscribe(names)
                .build());

        var answer = sent();

        assertThat(answer.getRemovedResourcesList()).containsExactlyInAnyOrderElementsOf(names);
        assertThat(answer.getResourcesList()).isEmpty();
    }

    @Test
    @Tag("H54")
    void moreOrLongerNamesThanAnyProxyHasEndTheStream() {
        var many = DeltaDiscoveryRequest.newBuilder();
        for (var n = 0; n <= 1_000; n++) {
            many.addResourceNamesSubscribe("kubernetes://s-" + n);
        }

        assertThatThrownBy(() -> session.request(many.build())).isInstanceOf(Refusal.class);
        assertThatThrownBy(() -> session.request(DeltaDiscoveryRequest.newBuilder()
                        .addResourceNamesSubscribe("kubernetes://" + "x".repeat(10_240))
                        .build()))
                .isInstanceOf(Refusal.class);
    }

    @Test
    @Tag("H55")
    void answersToWhatWasNeverSentMoveNothing() throws Exception {
        ask(SHOP);
        var first = sent();

        for (var nonce : List.of("0", "2", "-1", "x".repeat(65_536))) {
            assertThat(session.request(DeltaDiscoveryRequest.newBuilder()
                            .setResponseNonce(nonce)
                            .setErrorDetail(com.google.rpc.Status.newBuilder().setCode(Code.INTERNAL_VALUE))
                            .build()))
                    .isEmpty();
        }
        offer("istio-system", SECOND);
        assertThat(session.poll(shelf))
                .as("the first answer is still outstanding")
                .isNull();

        acknowledge(first.getNonce());
        acknowledge(first.getNonce());
        var second = sent();
        assertThat(second.getResources(0).getVersion())
                .isNotEqualTo(first.getResources(0).getVersion());
        assertThat(session.poll(shelf)).as("each version once").isNull();
    }

    @Test
    @Tag("H57")
    void strangeSubscriptionsAreTakenAsTheProtocolSays() throws Exception {
        session.request(DeltaDiscoveryRequest.newBuilder()
                .addResourceNamesUnsubscribe("never")
                .addResourceNamesUnsubscribe(SHOP)
                .addResourceNamesSubscribe(SHOP)
                .addResourceNamesSubscribe(SHOP)
                .putInitialResourceVersions("kubernetes://other/shop", "withdrawn")
                .putInitialResourceVersions("never asked", "1")
                .build());

        var answer = sent();

        assertThat(answer.getResourcesList())
                .singleElement()
                .satisfies(resource -> assertThat(resource.getName()).isEqualTo(SHOP));
        assertThat(session.subscription().names()).containsExactly(SHOP);
    }

    @Test
    @Tag("H47")
    void aSecretThatFlipsIsSentOnceForEachAnswer() throws Exception {
        ask(SHOP);
        var sent = 0;
        for (var n = 0; n < 50; n++) {
            offer("istio-system", n % 2 == 0 ? SECOND : FIRST);
            keeper.offer(
                    "directory",
                    new SecretName("istio-system", "shop"),
                    Map.of("tls.crt", FIRST.certPem(), "tls.key", new byte[] {(byte) n}));
            sent += session.poll(shelf) == null ? 0 : 1;
        }

        assertThat(sent).isEqualTo(1);
    }

    private DeltaDiscoveryResponse sent() {
        var response = session.poll(shelf);
        if (response == null) {
            throw new AssertionError("nothing was sent");
        }
        return response;
    }

    private void ask(String name) throws Refusal {
        session.request(DeltaDiscoveryRequest.newBuilder()
                .addResourceNamesSubscribe(name)
                .build());
    }

    private void acknowledge(String nonce) throws Refusal {
        session.request(
                DeltaDiscoveryRequest.newBuilder().setResponseNonce(nonce).build());
    }

    private void offer(String namespace, Issued issued) {
        keeper.offer(
                "directory",
                new SecretName(namespace, "shop"),
                Map.of("tls.crt", issued.certPem(), "tls.key", issued.keyPem()));
    }
}
