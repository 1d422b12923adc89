package io.sallyport.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.sallyport.cli.Terminal;
import io.sallyport.proto.config.v1.ApplyRequest;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.DeleteRequest;
import io.sallyport.proto.config.v1.GetRequest;
import io.sallyport.proto.config.v1.HistoryRequest;
import io.sallyport.proto.config.v1.ListRequest;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.config.v1.RevisionEntry;
import io.sallyport.proto.config.v1.StatusRequest;
import io.sallyport.proto.config.v1.ValidateRequest;
import io.sallyport.proto.egress.v1.AuditRequest;
import io.sallyport.proto.egress.v1.Client;
import io.sallyport.proto.egress.v1.CoverageRequest;
import io.sallyport.proto.egress.v1.EvaluateRequest;
import io.sallyport.proto.egress.v1.ListExternalServicesRequest;
import io.sallyport.proto.egress.v1.LockdownRequest;
import io.sallyport.proto.egress.v1.SuggestRequest;
import io.sallyport.proto.secret.v1.DeleteSecretRequest;
import io.sallyport.proto.secret.v1.ListSecretsRequest;
import io.sallyport.proto.secret.v1.PutSecretRequest;
import io.sallyport.proto.secret.v1.SecretName;
import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.Readiness;
import io.sallyport.runtime.identity.AccessTable;
import io.sallyport.runtime.identity.MethodAccess;
import io.sallyport.runtime.identity.Need;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.tls.TestAuthority;
import io.sallyport.runtime.tls.Tls;
import io.sallyport.runtime.tls.TlsFiles;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/// Every method of every door of the five services, as the running servers list them, asked by every kind of
/// caller. What each may is the table that `docs/reference/access.md` shows; every request here is about
/// namespace `cart`.
@Tag("V4")
@Tag("V5")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class AccessMatrixTest {

    private static final Pattern DOOR = Pattern.compile("(\\w+) 127\\.0\\.0\\.1:(\\d+)");
    private static final String SPIFFE = "spiffe://cluster.local/ns/";
    private static final String VIRTUAL_SERVICE = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {namespace: cart, name: cart}
            spec: {hosts: [cart.test], http: [{directResponse: {status: 200}}]}
            """;

    private static final List<String> SERVICES = List.of("accesslog", "config", "egress", "secret", "xds");

    /// The kinds of caller. `SHOP` and `CART` are workloads with rights in the namespace of their name alone;
    /// `ADMIN` has the token of the service's own settings.
    private enum Who {
        NOBODY,
        STRANGER,
        EXPIRED,
        WRONG_TOKEN,
        SERVICE_CONFIG,
        SERVICE_XDS,
        SERVICE_EGRESS,
        SERVICE_ACCESSLOG,
        SHOP,
        CART,
        STOLEN,
        ADMIN
    }

    private record Door(String service, String name, int port) {}

    private static final String ISSUER = "https://id.test";
    private static final int TOKEN_SECONDS = 25;
    private static final int STATUS_NONE = -1;
    // Streams that end by themselves, when all there is has been said.
    private static final List<String> ENDING =
            List.of("sallyport.accesslog.v1.AccessLogService/Export", "sallyport.xds.v1.ProxyService/AwaitLive");

    @TempDir
    private static Path folder;

    private final TestAuthority authority = new TestAuthority("root");
    private final Lifecycle lifecycle = new Lifecycle();
    private final Readiness readiness = new Readiness();
    private final List<Door> doors = new ArrayList<>();
    private final Map<Who, Tls> certificates = new LinkedHashMap<>();
    private final Map<String, Message> requests = requests();
    private final Map<Who, HttpClient> browsers = new LinkedHashMap<>();
    // Those of a token that expires while the other tests run.
    private final Map<String, OpenStream> ofAda = new TreeMap<>();
    private InputStream rowsOfAda = InputStream.nullInputStream();

    @BeforeAll
    void start() throws Exception {
        Files.writeString(folder.resolve("revoked"), "# nobody yet\n");
        var provider = new ECKeyGenerator(Curve.P_256).keyID("provider").generate();
        Files.writeString(
                folder.resolve("keys.json"),
                new JWKSet(List.of(provider)).toPublicJWKSet().toString());
        var ports = new TreeMap<String, Integer>();
        for (var name : List.of("config", "xds", "secret", "accesslog", "egress")) {
            var files = authority
                    .issue("localhost", "127.0.0.1", SPIFFE + "sallyport/sa/" + name)
                    .in(folder.resolve(name), authority.pem());
            var settings = Files.writeString(folder.resolve(name + ".yaml"), settings(name, files, ports));
            var words = ServiceCommand.start(
                    Terminal.ofProcess(), ServiceCommand.Name.valueOf(name), settings, lifecycle, readiness);
            var found = DOOR.matcher(words);
            while (found.find()) {
                var door = new Door(name, found.group(1), Integer.parseInt(found.group(2)));
                doors.add(door);
                if (door.name().equals("api")) {
                    ports.put(name, door.port());
                }
            }
        }
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(readiness.missing()).isEmpty());
        var stranger = new TestAuthority("stranger");
        certificate(Who.STRANGER, stranger.issue(SPIFFE + "cart/sa/deployer"));
        certificate(Who.EXPIRED, authority.issueExpired(SPIFFE + "cart/sa/deployer"));
        for (var service : List.of(Who.SERVICE_CONFIG, Who.SERVICE_XDS, Who.SERVICE_EGRESS, Who.SERVICE_ACCESSLOG)) {
            certificate(service, authority.issue(SPIFFE + "sallyport/sa/" + service(service)));
        }
        certificate(Who.SHOP, authority.issue(SPIFFE + "shop/sa/deployer"));
        certificate(Who.CART, authority.issue(SPIFFE + "cart/sa/deployer"));
        certificate(Who.STOLEN, authority.issue(SPIFFE + "shop/sa/edge"));
        streamUntilTheTokenEnds(tokenOfAda(provider));
    }

    // Clocks may differ by a minute, so this one is good for as long as TOKEN_SECONDS.
    private static String tokenOfAda(ECKey provider) throws JOSEException {
        var claims = new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .audience("sallyport")
                .subject("ada")
                .expirationTime(Date.from(InstantSource.system().instant().minusSeconds(60 - TOKEN_SECONDS)))
                .build();
        var token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.ES256)
                        .keyID(provider.getKeyID())
                        .build(),
                claims);
        token.sign(new ECDSASigner(provider));
        return token.serialize();
    }

    private void streamUntilTheTokenEnds(String token) throws Exception {
        for (var door : grpcDoors()) {
            for (var method : streams(door)) {
                if (!(AccessTable.find(method).orElseThrow().need() instanceof Need.ToBeWorkload)) {
                    var stream = open(channel(Who.ADMIN, door), method, "Bearer " + token);
                    lifecycle.started(method, stream.channel()::shutdownNow);
                    ofAda.put(method, stream);
                }
            }
        }
        var client = HttpClient.newBuilder()
                .sslContext(Tls.trusting(folder.resolve("config/ca.crt")))
                .connectTimeout(Duration.ofSeconds(10))
                .build();
        lifecycle.started("browser of ada", client::shutdownNow);
        var rows = client.send(
                question(Who.ADMIN, "tail", "Bearer " + token).build(), HttpResponse.BodyHandlers.ofInputStream());
        assertThat(rows.statusCode()).isEqualTo(200);
        rowsOfAda = rows.body();
    }

    @AfterAll
    void stop() {
        lifecycle.close();
    }

    private void certificate(Who who, TestAuthority.Issued issued) throws IOException {
        var files = issued.in(folder.resolve(who.name()), authority.pem());
        certificates.put(who, lifecycle.started(who.name(), Tls.follow(files, InstantSource.system())));
    }

    private static String service(Who who) {
        return who.name().substring("SERVICE_".length()).toLowerCase(java.util.Locale.ROOT);
    }

    private static String settings(String name, TlsFiles files, Map<String, Integer> ports) {
        var text = new StringBuilder("grpc: 127.0.0.1:0\nhttp: 127.0.0.1:0\n");
        text.append("tokenFile: ").append(folder.resolve("admin.token")).append('\n');
        text.append(
                "tls: {certificate: %s, key: %s, ca: %s}\n".formatted(files.certificate(), files.key(), files.ca()));
        text.append("identity:\n  services:\n");
        SERVICES.forEach(each -> text.append("    %s: [%ssallyport/sa/%s]\n".formatted(each, SPIFFE, each)));
        text.append("  revoked: ").append(folder.resolve("revoked")).append('\n');
        text.append("  oidc: {issuer: \"%s\", audience: sallyport, jwks: \"%s\"}\n"
                .formatted(ISSUER, folder.resolve("keys.json")));
        text.append("""
                authorization:
                  rules:
                  - {workloads: [cart/deployer], may: ["*"], namespaces: [cart]}
                  - {workloads: [shop/deployer, shop/edge], may: ["*"], namespaces: [shop]}
                  - {users: [ada], may: ["*"], namespaces: ["*"]}
                """);
        var home = folder.resolve(name);
        switch (name) {
            case "config" ->
                text.append("store: {file: ").append(home.resolve("config.db")).append("}\n");
            case "xds" ->
                text.append("xds: 127.0.0.1:0\nconfig: localhost:")
                        .append(ports.get("config"))
                        .append('\n');
            case "secret" ->
                text.append("sds: 127.0.0.1:0\nstore: ")
                        .append(home.resolve("store"))
                        .append("\nconfig: localhost:")
                        .append(ports.get("config"))
                        .append('\n');
            case "accesslog" ->
                text.append("als: 127.0.0.1:0\ndata: ")
                        .append(home.resolve("data"))
                        .append("\nconfig: localhost:%d\nxds: localhost:%d\nsecret: localhost:%d\n"
                                .formatted(ports.get("config"), ports.get("xds"), ports.get("secret")));
            default ->
                text.append("config: localhost:%d\nlogs: localhost:%d\n"
                        .formatted(ports.get("config"), ports.get("accesslog")));
        }
        return text.toString();
    }

    private static Map<String, Message> requests() {
        var config = "sallyport.config.v1.ConfigService/";
        var secret = "sallyport.secret.v1.SecretService/";
        var egress = "sallyport.egress.v1.EgressPolicyService/";
        var ref = ResourceRef.newBuilder()
                .setKind("VirtualService")
                .setNamespace("cart")
                .setName("cart");
        var resource = Resource.newBuilder().setSourceText(VIRTUAL_SERVICE).setSourceName("cart.yaml");
        var name = SecretName.newBuilder().setNamespace("cart").setName("cart-tls");
        var client = Client.newBuilder().setNamespace("cart");
        var requests = new TreeMap<String, Message>();
        requests.put(
                config + "Apply", ApplyRequest.newBuilder().addUpserts(resource).build());
        requests.put(
                config + "Validate",
                ValidateRequest.newBuilder()
                        .addResources(resource)
                        .setAgainstHead(true)
                        .build());
        requests.put(config + "Get", GetRequest.newBuilder().setRef(ref).build());
        requests.put(
                config + "List",
                ListRequest.newBuilder()
                        .setKind("VirtualService")
                        .setNamespace("cart")
                        .build());
        requests.put(
                config + "Delete",
                DeleteRequest.newBuilder().addRefs(ref).setDryRun(true).build());
        requests.put(config + "History", HistoryRequest.newBuilder().setRef(ref).build());
        requests.put(
                secret + "PutSecret",
                PutSecretRequest.newBuilder().setName(name).build());
        requests.put(
                secret + "DeleteSecret",
                DeleteSecretRequest.newBuilder().setName(name).build());
        requests.put(
                secret + "ListSecrets",
                ListSecretsRequest.newBuilder().setNamespace("cart").build());
        requests.put(
                egress + "Evaluate",
                EvaluateRequest.newBuilder().setClient(client).build());
        requests.put(
                egress + "ListExternalServices",
                ListExternalServicesRequest.newBuilder().setNamespace("cart").build());
        requests.put(
                egress + "Coverage",
                CoverageRequest.newBuilder().setNamespace("cart").build());
        requests.put(
                egress + "Audit", AuditRequest.newBuilder().setNamespace("cart").build());
        requests.put(
                egress + "Suggest",
                SuggestRequest.newBuilder().setNamespace("cart").build());
        requests.put(
                egress + "Lockdown",
                LockdownRequest.newBuilder().addNamespaces("cart").build());
        return requests;
    }

    @Test
    void everyMethodOfTheRunningServersIsInTheTable() throws Exception {
        var served = new TreeSet<String>();
        for (var door : grpcDoors()) {
            served.addAll(methods(door));
        }

        assertThat(served)
                .as("methods that servers list, and the table does not")
                .allMatch(method -> AccessTable.find(method).isPresent());
        assertThat(served)
                .as("methods of the table that nobody serves")
                .containsAll(
                        AccessTable.all().stream().map(MethodAccess::method).toList());
    }

    @Test
    void everyMethodAnswersEveryKindOfCallerAsTheTableSays() throws Exception {
        var wrong = new ArrayList<String>();
        var asked = 0;
        for (var who : Who.values()) {
            for (var door : grpcDoors()) {
                var channel = channel(who, door);
                try {
                    for (var method : methods(door)) {
                        asked++;
                        var code = ask(channel, method, who);
                        if (!isExpected(AccessTable.find(method).orElseThrow(), who, code.getCode())) {
                            wrong.add(who + " " + door.service() + " " + door.name() + " " + method + ": " + code);
                        }
                    }
                } finally {
                    channel.shutdownNow();
                }
            }
        }

        assertThat(wrong).isEmpty();
        assertThat(asked).isGreaterThan(500);
    }

    private static boolean isExpected(MethodAccess access, Who who, Status.Code code) {
        var passed = code != Status.Code.UNAUTHENTICATED
                && code != Status.Code.PERMISSION_DENIED
                && code != Status.Code.UNAVAILABLE
                && code != Status.Code.DEADLINE_EXCEEDED;
        return switch (who) {
            // The handshake ends it.
            case STRANGER, EXPIRED -> code == Status.Code.UNAVAILABLE;
            case NOBODY, WRONG_TOKEN ->
                access.need() instanceof Need.Nothing ? passed : code == Status.Code.UNAUTHENTICATED;
            case SERVICE_CONFIG, SERVICE_XDS, SERVICE_EGRESS, SERVICE_ACCESSLOG ->
                (access.need() instanceof Need.Nothing || access.services().contains(service(who)))
                        ? passed
                        : code == Status.Code.PERMISSION_DENIED;
            case SHOP, STOLEN -> mayShop(access) ? passed : code == Status.Code.PERMISSION_DENIED;
            case CART -> mayCart(access) ? passed : code == Status.Code.PERMISSION_DENIED;
            case ADMIN -> passed;
        };
    }

    // What names an object of `cart` is refused; what asks for everything is answered with nothing of it.
    private static boolean mayShop(MethodAccess access) {
        return switch (access.need()) {
            case Need.Nothing _, Need.Known _, Need.ToBeWorkload _ -> true;
            case Need.Rights _ -> false;
            case Need.Inside _ ->
                switch (access.method().substring(access.method().indexOf('/') + 1)) {
                    case "Apply", "Validate", "Get", "List", "Delete" -> false;
                    default -> true;
                };
        };
    }

    private static boolean mayCart(MethodAccess access) {
        return !access.method().endsWith("ConfigService/Watch")
                && !access.method().endsWith("SecretService/CheckSecrets");
    }

    @Test
    @Tag("H52")
    void aProxyIsServedAsWhoItIsAndNotAsWhoItSays() throws Exception {
        var ads = "envoy.service.discovery.v3.AggregatedDiscoveryService/";
        var sds = "envoy.service.secret.v3.SecretDiscoveryService/";
        var xds = door("xds", "xds");
        var secret = door("secret", "sds");

        for (var method : List.of(ads + "StreamAggregatedResources", ads + "DeltaAggregatedResources")) {
            assertThat(ends(Who.SHOP, xds, method, subscription(method, "cart")))
                    .as(method)
                    .startsWith("PERMISSION_DENIED: the node says namespace \"cart\" (expected: \"shop\"");
        }
        for (var method : List.of(sds + "StreamSecrets", sds + "DeltaSecrets")) {
            assertThat(ends(Who.SHOP, secret, method, subscription(method, "cart")))
                    .as(method)
                    .startsWith("PERMISSION_DENIED: the node says namespace \"cart\" (expected: \"shop\"");
            assertThat(ends(Who.CART, secret, method, subscription(method, "cart"), subscription(method, "shop")))
                    .as(method + " whose node changes")
                    .startsWith("PERMISSION_DENIED: the node changed within a stream");
        }
    }

    @Test
    @Tag("M5")
    void aRevokedCertificateIsRefusedAndItsStreamsEnd() throws Exception {
        var ads = "envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
        var xds = door("xds", "xds");
        var stolen = new TreeMap<String, OpenStream>();
        var other = open(Who.SHOP, xds, ads);
        try {
            for (var door : grpcDoors()) {
                for (var method : streams(door)) {
                    if (!(AccessTable.find(method).orElseThrow().need() instanceof Need.Rights)) {
                        stolen.put(method, open(Who.STOLEN, door, method));
                    }
                }
            }
            // All are served, and would be for as long as they like.
            assertThat(stolen.get(ads)).isNotNull();
            assertThat(Objects.requireNonNull(stolen.get(ads)).first().get(30, TimeUnit.SECONDS))
                    .isTrue();
            assertThat(other.first().get(30, TimeUnit.SECONDS)).isTrue();
            var ended = stolen.entrySet().stream()
                    .filter(stream -> stream.getValue().ended().isDone())
                    .map(Map.Entry::getKey)
                    .toList();
            assertThat(ended).isSubsetOf(ENDING);

            Files.writeString(folder.resolve("revoked.part"), SPIFFE + "shop/sa/edge   # its node is lost\n");
            Files.move(folder.resolve("revoked.part"), folder.resolve("revoked"), StandardCopyOption.ATOMIC_MOVE);

            for (var stream : stolen.entrySet()) {
                if (ENDING.contains(stream.getKey())) {
                    continue;
                }
                assertThat(stream.getValue().ended().get(60, TimeUnit.SECONDS))
                        .as(stream.getKey())
                        .isEqualTo("UNAUTHENTICATED: the certificate of " + SPIFFE + "shop/sa/edge is revoked");
            }
            assertThat(ends(Who.STOLEN, xds, ads, subscription(ads, "shop")))
                    .isEqualTo("UNAUTHENTICATED: the certificate of " + SPIFFE + "shop/sa/edge is revoked");
            assertThat(other.ended()).isNotDone();
        } finally {
            stolen.values().forEach(stream -> stream.channel().shutdownNow());
            other.channel().shutdownNow();
            Files.writeString(folder.resolve("revoked"), "");
        }
        // Whoever is not on the list any more comes in again.
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            var again = open(Who.STOLEN, xds, ads);
            try {
                return again.first().get(5, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException _) {
                return false;
            } finally {
                again.channel().shutdownNow();
            }
        });
    }

    private record OpenStream(
            ManagedChannel channel, CompletableFuture<Boolean> first, CompletableFuture<String> ended) {}

    /// Every stream of every door that was opened with a token ends when the token does, also over HTTP.
    @Test
    @Order(Integer.MAX_VALUE)
    @Tag("H69")
    void streamsEndWithTheTokenThatOpenedThem() throws Exception {
        assertThat(ofAda.keySet())
                .contains(
                        "sallyport.config.v1.ConfigService/Watch",
                        "sallyport.accesslog.v1.AccessLogService/Tail",
                        "grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
        for (var stream : ofAda.entrySet()) {
            if (!ENDING.contains(stream.getKey())) {
                assertThat(stream.getValue().ended().get(90, TimeUnit.SECONDS))
                        .as(stream.getKey())
                        .startsWith("UNAUTHENTICATED: the token is not accepted");
            }
        }
        try (var rows = rowsOfAda) {
            assertThat(CompletableFuture.supplyAsync(() -> text(rows)).get(60, TimeUnit.SECONDS))
                    .contains(
                            "\n\nevent: end\ndata: {\"code\":\"UNAUTHENTICATED\",\"message\":\"the token is not accepted");
        }
    }

    private static String text(InputStream body) {
        try {
            return new String(body.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A stream that asks for what is there at once, and stays.
    private OpenStream open(Who who, Door door, String method) throws Exception {
        return open(channel(who, door), method, "");
    }

    private OpenStream open(ManagedChannel channel, String method, String authorization) throws Exception {
        var stream = new OpenStream(channel, new CompletableFuture<>(), new CompletableFuture<>());
        var call = stream.channel().newCall(descriptor(method), CallOptions.DEFAULT);
        var headers = new Metadata();
        if (!authorization.isEmpty()) {
            headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), authorization);
        }
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onMessage(byte[] message) {
                        stream.first().complete(true);
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        stream.first().complete(false);
                        stream.ended().complete(status.getCode() + ": " + status.getDescription());
                    }
                },
                headers);
        call.request(10);
        if (!method.startsWith("envoy.")) {
            call.sendMessage(new byte[0]);
            if (!method.startsWith("grpc.")) {
                call.halfClose();
            }
        } else if (method.contains("Delta")) {
            call.sendMessage(DeltaDiscoveryRequest.parseFrom(subscription(method, "shop")).toBuilder()
                    .setTypeUrl(
                            method.contains(".secret.")
                                    ? "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
                                    : "type.googleapis.com/envoy.config.cluster.v3.Cluster")
                    .build()
                    .toByteArray());
        } else {
            call.sendMessage(subscription(method, "shop"));
        }
        return stream;
    }

    // What tells its caller something for as long as that is wanted.
    private List<String> streams(Door door) throws Exception {
        return methods(door).stream()
                .filter(streaming::contains)
                .filter(method -> !(AccessTable.find(method).orElseThrow().need() instanceof Need.Nothing))
                .toList();
    }

    /// What this process listens on, as the system has it: nothing but the doors that the services name.
    @Test
    @Tag("V9")
    void nothingListensButTheDoorsThatAreNamed() throws Exception {
        var own = new TreeSet<String>();
        try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
            for (var descriptor : descriptors.toList()) {
                try {
                    own.add(Files.readSymbolicLink(descriptor).toString());
                } catch (IOException _) {
                    // Closed meanwhile, as the one that lists them.
                }
            }
        }
        var listening = new TreeSet<Integer>();
        var datagrams = new TreeSet<String>();
        for (var table : List.of("tcp", "tcp6", "udp", "udp6")) {
            var file = Path.of("/proc/self/net", table);
            for (var line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
                var words = line.strip().split(" +", -1);
                if (words.length < 10 || !own.contains("socket:[" + words[9] + "]")) {
                    continue;
                }
                if (table.startsWith("udp")) {
                    datagrams.add(line.strip());
                } else if (words[3].equals("0A")) {
                    listening.add(Integer.parseInt(words[1].substring(words[1].indexOf(':') + 1), 16));
                }
            }
        }

        assertThat(listening)
                .containsExactlyElementsOf(
                        doors.stream().map(Door::port).collect(Collectors.toCollection(TreeSet::new)));
        assertThat(datagrams).isEmpty();
    }

    @Test
    @Tag("M9")
    void theHistoryKnowsWhoCalledAndNotWhoTheyClaimToBe() throws Exception {
        var config = "sallyport.config.v1.ConfigService/";
        var channel = channel(Who.CART, door("config", "api"));
        try {
            assertThat(ask(channel, config + "Apply", Who.CART).isOk()).isTrue();
            var headers = new Metadata();
            headers.put(Metadata.Key.of("sallyport-user", Metadata.ASCII_STRING_MARSHALLER), "root");
            var history = ConfigServiceGrpc.newBlockingStub(channel)
                    .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                    .withDeadlineAfter(30, TimeUnit.SECONDS)
                    .history(HistoryRequest.getDefaultInstance());
            assertThat(history.getRevisionsList())
                    .extracting(RevisionEntry::getAuthor)
                    .contains("api system:serviceaccount:cart:deployer")
                    .doesNotContain("api root");
        } finally {
            channel.shutdownNow();
        }
        var neighbour = channel(Who.SHOP, door("config", "api"));
        try {
            var stub = ConfigServiceGrpc.newBlockingStub(neighbour).withDeadlineAfter(30, TimeUnit.SECONDS);
            assertThat(stub.history(HistoryRequest.getDefaultInstance()).getRevisionsList())
                    .isEmpty();
            assertThat(stub.list(ListRequest.getDefaultInstance()).getResourcesList())
                    .isEmpty();
            assertThat(stub.status(StatusRequest.getDefaultInstance()).getResources())
                    .isZero();
        } finally {
            neighbour.shutdownNow();
        }
    }

    private Door door(String service, String name) {
        return doors.stream()
                .filter(door -> door.service().equals(service) && door.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static byte[] subscription(String method, String namespace) {
        var metadata = Struct.newBuilder()
                .putFields(
                        "NAMESPACE",
                        Value.newBuilder().setStringValue(namespace).build());
        var node = Node.newBuilder()
                .setId("router~10.0.0.1~edge." + namespace + "~" + namespace + ".svc.cluster.local")
                .setMetadata(metadata);
        return method.contains("Delta")
                ? DeltaDiscoveryRequest.newBuilder().setNode(node).build().toByteArray()
                : DiscoveryRequest.newBuilder().setNode(node).build().toByteArray();
    }

    /// How a stream with these requests ends.
    private String ends(Who who, Door door, String method, byte[]... requests) throws Exception {
        var ended = new CompletableFuture<String>();
        var channel = channel(who, door);
        try {
            var call = channel.newCall(descriptor(method), CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS));
            call.start(
                    new ClientCall.Listener<>() {
                        @Override
                        public void onClose(Status status, Metadata trailers) {
                            ended.complete(status.getCode() + ": " + status.getDescription());
                        }
                    },
                    new Metadata());
            call.request(10);
            for (var request : requests) {
                call.sendMessage(request);
            }
            return ended.get(40, TimeUnit.SECONDS);
        } finally {
            channel.shutdownNow();
        }
    }

    private static MethodDescriptor<byte[], byte[]> descriptor(String method) {
        return MethodDescriptor.<byte[], byte[]>newBuilder()
                .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
                .setFullMethodName(method)
                .setRequestMarshaller(new Bytes())
                .setResponseMarshaller(new Bytes())
                .build();
    }

    @Test
    void httpAnswersProbesToAllWithAGoodHandshake() throws Exception {
        for (var door :
                doors.stream().filter(each -> each.name().equals("http")).toList()) {
            for (var path : List.of("/healthz", "/readyz", "/metrics", "/version")) {
                assertThat(get(Who.SHOP, door, path)).as(door + path).isIn(200, 503);
            }
            assertThat(get(Who.SHOP, door, "/tasks/gc")).isEqualTo(404);
            assertThat(get(Who.EXPIRED, door, "/healthz")).as(door.toString()).isEqualTo(-1);
            assertThat(get(Who.STRANGER, door, "/healthz")).as(door.toString()).isEqualTo(-1);
        }
    }

    /// Over HTTP the log API answers the same callers, by the same certificates and tokens.
    @Test
    @Tag("V4")
    void everyQuestionOverHttpIsAnsweredAsOverGrpc() throws Exception {
        var wrong = new ArrayList<String>();
        var questions = List.of(
                "search",
                "histogram",
                "top",
                "percentiles",
                "distinct",
                "request",
                "compare",
                "export",
                "tail",
                "completeness",
                "rules",
                "attributes");
        assertThat(methods(door("accesslog", "api")))
                .filteredOn(method -> method.startsWith("sallyport.accesslog."))
                .hasSameSizeAs(questions);
        for (var who : Who.values()) {
            for (var question : questions) {
                var status = status(who, question(who, question, ""));
                var expected = switch (who) {
                    case STRANGER, EXPIRED -> status == STATUS_NONE;
                    case NOBODY, WRONG_TOKEN -> status == 401;
                    case SERVICE_CONFIG, SERVICE_XDS, SERVICE_ACCESSLOG -> status == 403;
                    // Some are no good questions, which is told to those who may ask.
                    case SERVICE_EGRESS, SHOP, CART, STOLEN, ADMIN ->
                        List.of(200, 400, 404).contains(status);
                };
                if (!expected) {
                    wrong.add(who + " " + question + ": " + status);
                }
            }
        }

        assertThat(wrong).isEmpty();
    }

    /// A browser shows its certificate to whatever page it is on.
    @Test
    @Tag("H76")
    void pagesOfOtherSitesAskNothingWithABrowsersCertificate() throws Exception {
        var own = "https://localhost:" + door("accesslog", "http").port();

        assertThat(status(Who.CART, question(Who.CART, "search", "").header("Origin", "https://evil.test")))
                .isEqualTo(403);
        assertThat(status(Who.CART, question(Who.CART, "search", "").header("Sec-Fetch-Site", "cross-site")))
                .isEqualTo(403);
        assertThat(status(Who.CART, question(Who.CART, "search", "").header("Origin", own)))
                .isEqualTo(200);
    }

    private HttpRequest.Builder question(Who who, String question, String authorization) throws IOException {
        var request = HttpRequest.newBuilder(URI.create(
                        "https://localhost:" + door("accesslog", "http").port() + "/accesslog/v1/" + question))
                .timeout(Duration.ofSeconds(30));
        if (!authorization.isEmpty()) {
            request.header("Authorization", authorization);
        } else if (who == Who.ADMIN) {
            request.header("Authorization", "Bearer " + token());
        } else if (who == Who.WRONG_TOKEN) {
            request.header("Authorization", "Bearer 0123456789abcdef0123456789abcdef");
        }
        return request;
    }

    private int status(Who who, HttpRequest.Builder request) throws Exception {
        var client = browsers.get(who);
        if (client == null) {
            var own = certificates.get(who);
            client = HttpClient.newBuilder()
                    .sslContext(own == null ? Tls.trusting(folder.resolve("config/ca.crt")) : own.context())
                    .connectTimeout(Duration.ofSeconds(10))
                    .build();
            browsers.put(who, client);
            lifecycle.started("browser of " + who, client::shutdownNow);
        }
        try {
            var answer = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            answer.body().close();
            return answer.statusCode();
        } catch (IOException e) {
            return STATUS_NONE;
        }
    }

    private int get(Who who, Door door, String path) throws Exception {
        try (var client = HttpClient.newBuilder()
                .sslContext(Objects.requireNonNull(certificates.get(who)).context())
                .connectTimeout(Duration.ofSeconds(10))
                .build()) {
            var request = HttpRequest.newBuilder(URI.create("https://localhost:" + door.port() + path))
                    .timeout(Duration.ofSeconds(30));
            return client.send(request.build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException e) {
            return -1;
        }
    }

    private List<Door> grpcDoors() {
        return doors.stream().filter(door -> !door.name().equals("http")).toList();
    }

    private static String token() throws IOException {
        return Files.readString(folder.resolve("admin.token")).strip();
    }

    private ManagedChannel channel(Who who, Door door) throws IOException {
        var own = certificates.get(who);
        var credentials = own == null
                ? Tls.client(Optional.of(folder.resolve("config/ca.crt")), Optional.empty(), Optional.empty())
                : own.client();
        return Channels.to("localhost", door.port(), credentials);
    }

    /// How a call with one request ends: with `OK` also if an answer comes and more would.
    private Status ask(Channel channel, String method, Who who) throws Exception {
        var ended = new CompletableFuture<Status>();
        var call = channel.newCall(descriptor(method), CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS));
        var headers = new Metadata();
        var authorization = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
        if (who == Who.ADMIN) {
            headers.put(authorization, "Bearer " + token());
        } else if (who == Who.WRONG_TOKEN) {
            headers.put(authorization, "Bearer 0123456789abcdef0123456789abcdef");
        }
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onMessage(byte[] message) {
                        ended.complete(Status.OK);
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        ended.complete(status);
                    }
                },
                headers);
        call.request(1);
        var request = requests.get(method);
        call.sendMessage(request == null ? new byte[0] : request.toByteArray());
        call.halfClose();
        try {
            return ended.get(40, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException(who + " " + method + " has no end", e);
        } finally {
            call.cancel("answered", null);
        }
    }

    private record Bytes() implements MethodDescriptor.Marshaller<byte[]> {

        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private final Map<Door, List<String>> listed = new LinkedHashMap<>();
    private final Set<String> streaming = new TreeSet<>();

    private List<String> methods(Door door) throws Exception {
        var known = listed.get(door);
        if (known == null) {
            var channel = channel(Who.CART, door);
            try {
                known = reflected(channel);
            } finally {
                channel.shutdownNow();
            }
            listed.put(door, known);
        }
        return known;
    }

    private List<String> reflected(Channel channel) throws Exception {
        var answers = new LinkedBlockingQueue<ServerReflectionResponse>();
        var questions = ServerReflectionGrpc.newStub(channel)
                .withDeadlineAfter(30, TimeUnit.SECONDS)
                .serverReflectionInfo(new StreamObserver<>() {
                    @Override
                    public void onNext(ServerReflectionResponse answer) {
                        answers.add(answer);
                    }

                    @Override
                    public void onError(Throwable failure) {
                        answers.add(ServerReflectionResponse.newBuilder()
                                .setValidHost(failure.toString())
                                .build());
                    }

                    @Override
                    public void onCompleted() {}
                });
        questions.onNext(
                ServerReflectionRequest.newBuilder().setListServices("*").build());
        var services = next(answers).getListServicesResponse().getServiceList();
        assertThat(services).isNotEmpty();
        var methods = new ArrayList<String>();
        for (var service : services) {
            questions.onNext(ServerReflectionRequest.newBuilder()
                    .setFileContainingSymbol(service.getName())
                    .build());
            for (ByteString bytes : next(answers).getFileDescriptorResponse().getFileDescriptorProtoList()) {
                var file = FileDescriptorProto.parseFrom(bytes);
                for (var each : file.getServiceList()) {
                    if (service.getName().equals(file.getPackage() + "." + each.getName())) {
                        for (var method : each.getMethodList()) {
                            methods.add(service.getName() + "/" + method.getName());
                            if (method.getServerStreaming()) {
                                streaming.add(service.getName() + "/" + method.getName());
                            }
                        }
                    }
                }
            }
        }
        questions.onCompleted();
        return methods;
    }

    private static ServerReflectionResponse next(LinkedBlockingQueue<ServerReflectionResponse> answers)
            throws InterruptedException {
        var answer = answers.poll(30, TimeUnit.SECONDS);
        assertThat(answer).as("an answer of the reflection service").isNotNull();
        return answer;
    }
}
