package io.sallyport.secret.sds;

import static io.sallyport.secret.sds.Proxy.asking;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Code;
import io.envoyproxy.envoy.config.core.v3.Extension;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sallyport.proto.secret.v1.ListSecretsRequest;
import io.sallyport.proto.secret.v1.SecretServiceGrpc;
import io.sallyport.proto.secret.v1.SecretStatus;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.runtime.rpc.ServerLimits;
import io.sallyport.secret.api.SecretApi;
import io.sallyport.secret.material.Issued;
import io.sallyport.secret.material.Outcome;
import io.sallyport.secret.material.SecretReader;
import io.sallyport.secret.store.FilePlace;
import io.sallyport.secret.store.MasterKey;
import io.sallyport.secret.store.SealedFiles;
import io.sallyport.secret.store.SecretKeeper;
import io.sallyport.secret.store.SecretName;
import io.sallyport.secret.store.SecretRegistry;
import io.sallyport.secret.store.SecretStoreException;
import io.sallyport.translation.LentSecret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretDiscoveryTest {

    private static final String HOME = "istio-system";
    private static final SecretName SHOP = new SecretName(HOME, "shop");
    private static final Issued FIRST = Issued.leaf("shop.test", Issued.ec(), null);
    private static final Issued SECOND = Issued.leaf("shop.test", Issued.ec(), null);
    private static final Issued ROOT = Issued.authority("root");
    private static final Issued OTHER_ROOT = Issued.authority("other root");

    @TempDir
    Path scratch;

    private final Audience audience = new Audience();
    private volatile Lendings lendings = Lendings.NONE;
    private SecretRegistry registry;
    private SecretDiscovery discovery;
    private Shelf shelf;
    private GrpcServer server;
    private ManagedChannel channel;

    @BeforeEach
    void open() throws Exception {
        var random = new SecureRandom();
        var key = MasterKey.inFile(scratch.resolve("master.key"), random);
        var clock = InstantSource.fixed(Issued.NOW);
        registry = new SecretRegistry(
                new SecretKeeper(new SealedFiles(scratch.resolve("kept"), key, random), clock),
                new SealedFiles(scratch.resolve("put"), key, random),
                clock,
                audience::changed);
        shelf = new Shelf(registry::secrets, registry::withdrawn, Optional.empty(), () -> lendings);
        discovery = new SecretDiscovery(shelf, audience);
        var socket = scratch.resolve("sds.sock");
        server = GrpcServer.on(socket, ServerLimits.sds())
                .serve(
                        discovery.service(),
                        new SecretApi(registry, Map::of, () -> Lendings.NONE, audience, List.of(), () -> true, clock))
                .start("sds");
        channel = Channels.to(socket);
    }

    @AfterEach
    void close() {
        channel.shutdownNow();
        discovery.close();
        server.close();
        registry.close();
    }

    @Test
    @Tag("S16")
    void aSecretIsServedUnderItsName() throws Exception {
        put(SHOP, tls(FIRST));

        var response = delta(HOME, "kubernetes://shop").next();

        assertThat(response.getRemovedResourcesList()).isEmpty();
        assertThat(response.getResourcesList()).hasSize(1);
        var secret = secret(response);
        assertThat(secret.getName()).isEqualTo("kubernetes://shop");
        assertThat(secret.getTlsCertificate()
                        .getCertificateChain()
                        .getInlineBytes()
                        .toByteArray())
                .isEqualTo(normal(FIRST.certPem()));
    }

    // Envoy lists some 600, in the first request of each of its streams.
    @Test
    void whatAProxyIsMadeOfIsNotRead() throws Exception {
        put(SHOP, tls(FIRST));
        var node = Proxy.node(HOME).toBuilder();
        for (var n = 0; n < 10_000; n++) {
            node.addExtensions(Extension.newBuilder().setName("envoy.filters.http." + n));
        }
        var name = "kubernetes://shop";

        var delta = Proxy.delta(channel).send(asking(HOME, name).setNode(node).build());
        var world = Proxy.world(channel)
                .send(DiscoveryRequest.newBuilder()
                        .setNode(node)
                        .setTypeUrl(SecretDiscovery.TYPE)
                        .addResourceNames(name)
                        .build());

        assertThat(delta.next().getResourcesCount()).isEqualTo(1);
        assertThat(world.next().getResourcesCount()).isEqualTo(1);
    }

    @Test
    void allElseOfARequestIsRead() throws Exception {
        var request = asking(HOME, "kubernetes://shop")
                .setResponseNonce("7")
                .putInitialResourceVersions("kubernetes://shop", "1")
                .build();
        var told = request.toBuilder();
        told.getNodeBuilder()
                .setUserAgentName("envoy")
                .addExtensions(Extension.newBuilder().setName("one"));
        var expected = told.build().toBuilder();
        expected.getNodeBuilder().clearExtensions();

        var lean = LeanRequests.without(
                told.build().toByteArray(),
                DeltaDiscoveryRequest.NODE_FIELD_NUMBER,
                io.envoyproxy.envoy.config.core.v3.Node.EXTENSIONS_FIELD_NUMBER);

        assertThat(DeltaDiscoveryRequest.parseFrom(lean)).isEqualTo(expected.build());
    }

    @Test
    @Tag("T9")
    @Tag("S61")
    void aMissingSecretIsAnsweredAtOnce() {
        assertThat(delta(HOME, "kubernetes://none").next().getRemovedResourcesList())
                .containsExactly("kubernetes://none");
    }

    @Test
    @Tag("S64")
    void aSecretThatAppearsIsPushed() throws Exception {
        var proxy = delta(HOME, "kubernetes://shop");
        acknowledge(proxy, proxy.next());

        put(SHOP, tls(FIRST));

        assertThat(secret(proxy.next()).hasTlsCertificate()).isTrue();
    }

    @Test
    @Tag("P4")
    void aRotatedSecretIsPushed() throws Exception {
        put(SHOP, tls(FIRST));
        var proxy = delta(HOME, "kubernetes://shop");
        var before = proxy.next();
        acknowledge(proxy, before);

        put(SHOP, tls(SECOND));

        var after = proxy.next();
        assertThat(secret(after)
                        .getTlsCertificate()
                        .getCertificateChain()
                        .getInlineBytes()
                        .toByteArray())
                .isEqualTo(normal(SECOND.certPem()));
        assertThat(after.getResources(0).getVersion())
                .isNotEqualTo(before.getResources(0).getVersion());
    }

    @Test
    @Tag("P1")
    void aSecretThatBreaksIsNotPushed() throws Exception {
        put(SHOP, tls(FIRST));
        var proxy = delta(HOME, "kubernetes://shop");
        acknowledge(proxy, proxy.next());

        put(SHOP, Map.of("tls.crt", FIRST.certPem(), "tls.key", SECOND.keyPem()));
        ask(proxy, "kubernetes://none");

        // The next thing that is said is about the other name: nothing was pushed in between.
        assertThat(proxy.next().getRemovedResourcesList()).containsExactly("kubernetes://none");
    }

    @Test
    void whoHoldsAWithdrawnSecretGetsOneThatConvincesNobody() throws Exception {
        put(SHOP, tls(FIRST));
        var proxy = delta(HOME, "kubernetes://shop");
        acknowledge(proxy, proxy.next());

        registry.delete(SHOP);

        var tombstone = secret(proxy.next()).getTlsCertificate();
        assertThat(tombstone.getCertificateChain().getInlineBytes().toByteArray())
                .isNotEqualTo(normal(FIRST.certPem()));
        var left = SecretReader.certificate(
                Map.of(
                        "cert", tombstone.getCertificateChain().getInlineBytes().toByteArray(),
                        "key", tombstone.getPrivateKey().getInlineBytes().toByteArray()),
                Issued.NOW);
        assertThat(left).isEqualTo(new Outcome.Unusable<>("cert expired on 1970-01-01T00:00:01Z"));
        assertThat(delta(HOME, "kubernetes://shop").next().getRemovedResourcesList())
                .as("who never had it")
                .containsExactly("kubernetes://shop");
    }

    /// Nothing lies between the new grants and the proxy: no timer, no look of its own, no other change.
    @Test
    @Tag("V6")
    @Tag("T11")
    void aGrantThatIsTakenBackIsTheNextThingThatItsBorrowersHearOf() throws Exception {
        put(new SecretName("pay", "cert"), tls(FIRST));
        lendings = new Lent(Lendings.Verdict.YES);
        var claim = "lent://pay/cert?gateway=shop/edge&hosts=0a1b2c3d4e5f6071";
        var borrowers = IntStream.range(0, 20).mapToObj(_ -> delta(HOME, claim)).toList();
        var neighbour = delta("pay", "kubernetes://cert");
        acknowledge(neighbour, neighbour.next());
        for (var borrower : borrowers) {
            var lent = borrower.next();
            assertThat(certificate(lent)).isEqualTo(normal(FIRST.certPem()));
            acknowledge(borrower, lent);
        }

        lendings = new Lent(Lendings.Verdict.NO_MORE);
        audience.configurationChanged();

        for (var borrower : borrowers) {
            assertThat(certificate(borrower.next())).isNotEqualTo(normal(FIRST.certPem()));
        }
        neighbour.send(DeltaDiscoveryRequest.newBuilder()
                .addResourceNamesSubscribe("kubernetes://none")
                .build());
        assertThat(neighbour.next().getResourcesList())
                .as("the lender's own proxies hear nothing")
                .isEmpty();
    }

    private record Lent(Verdict verdict) implements Lendings {

        @Override
        public Verdict lends(LentSecret claim, Node node) {
            return verdict;
        }

        @Override
        public boolean isGranted(LentSecret claim) {
            return verdict == Verdict.YES;
        }

        @Override
        public Verdict names(FilePlace file, Node node) {
            return Verdict.YES;
        }
    }

    private static byte[] certificate(DeltaDiscoveryResponse response) throws Exception {
        return secret(response)
                .getTlsCertificate()
                .getCertificateChain()
                .getInlineBytes()
                .toByteArray();
    }

    @Test
    void aWithdrawnSecretThatComesBackIsServedAgain() throws Exception {
        put(SHOP, tls(FIRST));
        var proxy = delta(HOME, "kubernetes://shop");
        acknowledge(proxy, proxy.next());
        registry.delete(SHOP);
        acknowledge(proxy, proxy.next());

        put(SHOP, tls(FIRST));

        assertThat(secret(proxy.next())
                        .getTlsCertificate()
                        .getCertificateChain()
                        .getInlineBytes()
                        .toByteArray())
                .isEqualTo(normal(FIRST.certPem()));
    }

    @Test
    @Tag("V8")
    @Tag("H45")
    void authoritiesThatAreTakenOutOfASecretLetNobodyIn() throws Exception {
        put(SHOP, Map.of("tls.crt", FIRST.certPem(), "tls.key", FIRST.keyPem(), "ca.crt", ROOT.certPem()));
        var proxy = delta(HOME, "kubernetes://shop-cacert");
        acknowledge(proxy, proxy.next());

        put(SHOP, tls(FIRST));

        assertThat(secret(proxy.next())
                        .getValidationContext()
                        .getTrustedCa()
                        .getInlineBytes()
                        .toByteArray())
                .isNotEmpty()
                .isNotEqualTo(normal(ROOT.certPem()));
    }

    @Test
    void aProxyThatComesBackWithTheVersionIsNotSentItAgain() throws Exception {
        put(SHOP, tls(FIRST));
        var version = delta(HOME, "kubernetes://shop").next().getResources(0).getVersion();

        var again = Proxy.delta(channel)
                .send(asking(HOME, "kubernetes://shop", "kubernetes://none")
                        .putInitialResourceVersions("kubernetes://shop", version)
                        .build());
        acknowledge(again, again.next());
        ask(again, "kubernetes://none2");

        assertThat(again.next().getRemovedResourcesList()).containsExactly("kubernetes://none2");
    }

    @Test
    void oneResponseCarriesOneSecretAndWaitsForItsAnswer() throws Exception {
        put(SHOP, tls(FIRST));
        put(new SecretName(HOME, "pay"), tls(SECOND));
        var proxy = delta(HOME, "kubernetes://shop", "kubernetes://pay");
        var first = proxy.next();

        assertThat(first.getResourcesList()).hasSize(1);
        assertThat(proxy.hasHeardMore()).isFalse();
        acknowledge(proxy, first);
        assertThat(secret(proxy.next()).getName()).isEqualTo("kubernetes://shop");
    }

    @Test
    @Tag("P1")
    void aRefusedVersionIsNotSentAgain() throws Exception {
        put(SHOP, tls(FIRST));
        var proxy = delta(HOME, "kubernetes://shop");
        proxy.send(DeltaDiscoveryRequest.newBuilder()
                .setResponseNonce(proxy.next().getNonce())
                .setErrorDetail(com.google.rpc.Status.newBuilder()
                        .setCode(Code.INVALID_ARGUMENT_VALUE)
                        .setMessage("cannot use it"))
                .build());
        ask(proxy, "kubernetes://none");
        acknowledge(proxy, proxy.next());

        assertThat(list())
                .filteredOn(status -> status.getState() == SecretStatus.State.OK)
                .singleElement()
                .satisfies(status ->
                        assertThat(status.getWarningsList().toString()).contains("refused by", "cannot use it"));
        put(SHOP, tls(SECOND));
        assertThat(secret(proxy.next()).hasTlsCertificate()).isTrue();
    }

    @Test
    @Tag("T7")
    void authoritiesAreInTheSecretThatIsNamedForThemElseInTheSecretItself() throws Exception {
        put(SHOP, Map.of("tls.crt", FIRST.certPem(), "tls.key", FIRST.keyPem(), "ca.crt", ROOT.certPem()));
        var proxy = delta(HOME, "kubernetes://shop-cacert");
        var own = proxy.next();
        assertThat(trusted(own)).isEqualTo(normal(ROOT.certPem()));
        acknowledge(proxy, own);

        put(new SecretName(HOME, "shop-cacert"), Map.of("cacert", OTHER_ROOT.certPem()));

        assertThat(trusted(proxy.next())).isEqualTo(normal(OTHER_ROOT.certPem()));
    }

    @Test
    @Tag("H63")
    void namesOfNoSecretAreAnsweredAsMissing() throws Exception {
        put(SHOP, tls(FIRST));
        put(new SecretName("other", "shop"), tls(SECOND));
        var names = new String[] {
            "kubernetes://other/shop",
            "kubernetes://istio-system/../other/shop",
            "kubernetes://SHOP",
            "kubernetes://",
            "kubernetes://-cacert",
            "kubernetes-gateway://other/shop",
            "shop",
            "default",
            "ROOTCA",
            "file-cert:/etc/passwd~/etc/shadow",
            ""
        };

        var response = delta(HOME, names).next();

        assertThat(response.getResourcesList()).isEmpty();
        assertThat(response.getRemovedResourcesList()).containsExactlyInAnyOrder(names);
    }

    /// The oracle: a proxy gets a secret if it names one of its own namespace, plainly or with that namespace.
    @Test
    @Tag("V6")
    @Tag("T11")
    void noProxyGetsTheSecretOfANeighbour() throws Exception {
        var random = new Random(6);
        var namespaces = List.of("a", "b", "a-b", "istio-system");
        var names = List.of("x", "x-cacert", "a", "b", "shop");
        var all = new TreeMap<SecretName, Map<String, byte[]>>();
        for (var n = 0; n < 10; n++) {
            all.put(
                    new SecretName(pick(namespaces, random), pick(names, random)),
                    Map.of("tls.crt", FIRST.certPem(), "tls.key", FIRST.keyPem(), "ca.crt", ROOT.certPem()));
        }
        registry.take("directory", all, Set.of());
        for (var n = 0; n < 10_000; n++) {
            var own = pick(namespaces, random);
            var space = random.nextBoolean() ? "" : pick(namespaces, random);
            var name = pick(names, random);
            var resource = "kubernetes://" + (space.isEmpty() ? "" : space + "/") + name;

            var subscription = new Subscription(new Node("proxy", own, new TreeMap<>()));
            subscription.add(resource);
            var isServed = subscription.takeNext(shelf).isPresent();

            var isOwn = space.isEmpty() || space.equals(own);
            var isThere = all.containsKey(new SecretName(own, name))
                    || (name.equals("x-cacert") && all.containsKey(new SecretName(own, "x")));
            assertThat(isServed).as("%s asks for %s", own, resource).isEqualTo(isOwn && isThere);
        }
    }

    @Test
    @Tag("V6")
    void aForbiddenSecretIsAnsweredLikeOneThatDoesNotExist() throws Exception {
        put(new SecretName("other", "shop"), tls(SECOND));

        var forbidden = delta(HOME, "kubernetes://other/shop").next();
        var missing = delta(HOME, "kubernetes://other/nope").next();

        assertThat(forbidden.toString().replace("shop", "nope")).isEqualTo(missing.toString());
    }

    /// What is not looked at cannot be told by how long the answer takes. `./sallyport bench secrets` measures it.
    @Test
    @Tag("V6")
    void aForbiddenSecretIsNotEvenLookedFor() throws Exception {
        var looks = new java.util.concurrent.atomic.AtomicInteger();
        var watched = new Shelf(
                () -> {
                    looks.incrementAndGet();
                    return registry.secrets();
                },
                registry::withdrawn,
                Optional.empty(),
                () -> Lendings.NONE);
        put(new SecretName("other", "shop"), tls(SECOND));
        var subscription = new Subscription(new Node("proxy", HOME, new TreeMap<>()));
        var foreign = List.of(
                "kubernetes://other/shop",
                "kubernetes://other/none",
                "lent://other/shop?gateway=shop/edge&hosts=0011223344556677",
                "lent://other/none?gateway=shop/edge&hosts=0011223344556677");
        for (var name : foreign) {
            subscription.add(name);
        }

        assertThat(subscription.takeMissing(watched)).containsExactlyInAnyOrderElementsOf(foreign);
        assertThat(subscription.takeNext(watched)).isEmpty();
        assertThat(looks).hasValue(0);
    }

    @Test
    @Tag("H64")
    void allWhoWaitForOneNameGetItWhenItAppears() throws Exception {
        var proxies = new java.util.ArrayList<Proxy<DeltaDiscoveryRequest, DeltaDiscoveryResponse>>();
        for (var n = 0; n < 500; n++) {
            proxies.add(delta(HOME, "kubernetes://shop"));
        }
        for (var proxy : proxies) {
            acknowledge(proxy, proxy.next());
        }
        put(SHOP, tls(FIRST));

        for (var proxy : proxies) {
            assertThat(secret(proxy.next()).hasTlsCertificate()).isTrue();
        }
    }

    @Test
    @Tag("T9")
    void stateOfTheWorldIsServedTooAndAMissingSecretIsAnsweredAtOnce() throws Exception {
        put(SHOP, tls(FIRST));
        var names =
                List.of("kubernetes://none", "kubernetes://none-cacert", "kubernetes://other/x", "kubernetes://shop");
        var proxy = Proxy.world(channel)
                .send(DiscoveryRequest.newBuilder()
                        .setNode(Proxy.node(HOME))
                        .setTypeUrl(SecretDiscovery.TYPE)
                        .addAllResourceNames(names)
                        .build());
        var none = answered(proxy, names);
        var authority = answered(proxy, names);
        var first = answered(proxy, names);

        assertThat(none.getName()).isEqualTo("kubernetes://none");
        assertThat(Issued.until(none.getTlsCertificate()
                        .getCertificateChain()
                        .getInlineBytes()
                        .toByteArray()))
                .as("convinces nobody")
                .isBefore(Issued.FROM);
        assertThat(authority.getName()).isEqualTo("kubernetes://none-cacert");
        assertThat(authority.getValidationContext().getTrustedCa().getInlineBytes())
                .as("vouches for nobody")
                .isEqualTo(none.getTlsCertificate().getCertificateChain().getInlineBytes());
        assertThat(first.getName()).isEqualTo("kubernetes://shop");

        put(SHOP, tls(SECOND));
        assertThat(answered(proxy, names)).isNotEqualTo(first);
        put(new SecretName(HOME, "none"), tls(FIRST));
        assertThat(answered(proxy, names))
                .as("it exists now")
                .isEqualTo(first.toBuilder().setName("kubernetes://none").build());
    }

    private static Secret answered(Proxy<DiscoveryRequest, DiscoveryResponse> proxy, List<String> names)
            throws InvalidProtocolBufferException {
        var response = proxy.next();
        proxy.send(DiscoveryRequest.newBuilder()
                .setVersionInfo(response.getVersionInfo())
                .setResponseNonce(response.getNonce())
                .addAllResourceNames(names)
                .build());
        return response.getResources(0).unpack(Secret.class);
    }

    @Test
    void fetchingIsNotServed() {
        var stub = SecretDiscoveryServiceGrpc.newBlockingStub(channel);

        assertThat(org.assertj.core.api.Assertions.catchThrowableOfType(
                                StatusRuntimeException.class,
                                () -> stub.fetchSecrets(DiscoveryRequest.getDefaultInstance()))
                        .getStatus()
                        .getCode())
                .isEqualTo(Status.Code.UNIMPLEMENTED);
    }

    @Test
    @Tag("H61")
    void boundsEndTheStream() {
        var many = new String[1_001];
        for (var n = 0; n < many.length; n++) {
            many[n] = "kubernetes://s" + n;
        }
        var wide = Proxy.node(HOME).toBuilder().setUserAgentName("x".repeat(65 << 10));

        assertThat(delta(HOME, many).end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(delta(HOME, "x".repeat(1_025)).end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(Proxy.delta(channel)
                        .send(asking(HOME).setNode(wide).build())
                        .end()
                        .getCode())
                .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(Proxy.delta(channel)
                        .send(asking(HOME).clearNode().build())
                        .end()
                        .getCode())
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(Proxy.delta(channel)
                        .send(asking(HOME).setTypeUrl("type.googleapis.com/x").build())
                        .end()
                        .getCode())
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    @Tag("V6")
    void theNodeOfAStreamDoesNotChange() {
        var proxy = delta(HOME, "kubernetes://none");
        proxy.next();

        assertThat(proxy.send(asking("other", "kubernetes://shop").build())
                        .end()
                        .getCode())
                .isEqualTo(Status.Code.PERMISSION_DENIED);
    }

    @Test
    @Tag("S62")
    void theListSaysWhereAMissingSecretWasFoundInstead() throws Exception {
        put(new SecretName("hipster", "shop"), tls(FIRST));
        delta(HOME, "kubernetes://shop").next();

        var missing = list().stream()
                .filter(status -> status.getState() == SecretStatus.State.MISSING)
                .toList();
        assertThat(missing)
                .singleElement()
                .satisfies(status -> assertThat(status.getReason())
                        .isEqualTo("a secret of that name exists in namespace \"hipster\"; it must be in"
                                + " \"istio-system\", or be granted"));
    }

    @Test
    @Tag("V7")
    void theListHasNoKey() throws Exception {
        put(SHOP, tls(FIRST));

        assertThat(list().toString()).contains("4e:1a:07").doesNotContain("PRIVATE", "BEGIN");
    }

    @Test
    void theSocketIsForItsOwnerAlone() throws IOException {
        assertThat(Files.getPosixFilePermissions(scratch.resolve("sds.sock"))).hasToString("[OWNER_READ, OWNER_WRITE]");
    }

    private Proxy<DeltaDiscoveryRequest, DeltaDiscoveryResponse> delta(String namespace, String... names) {
        return Proxy.delta(channel).send(asking(namespace, names).build());
    }

    private static void acknowledge(
            Proxy<DeltaDiscoveryRequest, DeltaDiscoveryResponse> proxy, DeltaDiscoveryResponse response) {
        proxy.send(DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(SecretDiscovery.TYPE)
                .setResponseNonce(response.getNonce())
                .build());
    }

    private static void ask(Proxy<DeltaDiscoveryRequest, DeltaDiscoveryResponse> proxy, String name) {
        proxy.send(DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(SecretDiscovery.TYPE)
                .addResourceNamesSubscribe(name)
                .build());
    }

    private void put(SecretName name, Map<String, byte[]> entries)
            throws SecretStoreException, SecretRegistry.OwnedElsewhereException {
        registry.put(name, entries);
    }

    private List<SecretStatus> list() {
        return SecretServiceGrpc.newBlockingStub(channel)
                .listSecrets(ListSecretsRequest.getDefaultInstance())
                .getSecretsList();
    }

    private static Map<String, byte[]> tls(Issued issued) {
        return Map.of("tls.crt", issued.certPem(), "tls.key", issued.keyPem());
    }

    private static Secret secret(DeltaDiscoveryResponse response) throws InvalidProtocolBufferException {
        return response.getResources(0).getResource().unpack(Secret.class);
    }

    private static byte[] trusted(DeltaDiscoveryResponse response) throws InvalidProtocolBufferException {
        return secret(response)
                .getValidationContext()
                .getTrustedCa()
                .getInlineBytes()
                .toByteArray();
    }

    private static byte[] normal(byte[] pem) {
        return new String(pem, US_ASCII).replace("\r", "").getBytes(US_ASCII);
    }

    private static <T> T pick(List<T> list, Random random) {
        return list.get(random.nextInt(list.size()));
    }
}
