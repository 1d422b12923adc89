package io.sallyport.cli.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import io.sallyport.cli.FakeTerminal;
import io.sallyport.cli.Main;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.HistoryRequest;
import io.sallyport.proto.config.v1.HistoryResponse;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.identity.Authenticator;
import io.sallyport.runtime.identity.Authorizer;
import io.sallyport.runtime.identity.Caller;
import io.sallyport.runtime.identity.Guard;
import io.sallyport.runtime.identity.Identity;
import io.sallyport.runtime.identity.IdentitySettings;
import io.sallyport.runtime.identity.KnownToken;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.runtime.rpc.ServerLimits;
import io.sallyport.runtime.tls.TestAuthority;
import io.sallyport.runtime.tls.Tls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The command line against servers that prove themselves, and against some that cannot.
@Tag("V23")
@Tag("M25")
class SecureServerTest {

    private static final String SECRET = "token-of-a-platform-team";

    @TempDir
    Path folder;

    private final TestAuthority authority = new TestAuthority("root");
    private final AtomicReference<String> caller = new AtomicReference<>("nobody");
    private final List<AutoCloseable> open = new ArrayList<>();
    private final FakeTerminal screen = new FakeTerminal();

    @AfterEach
    void closeAll() throws Exception {
        for (var each : open.reversed()) {
            each.close();
        }
    }

    private int serve(TestAuthority.Issued issued) throws IOException {
        var tls = Tls.follow(issued.in(folder.resolve("server"), authority.pem()), InstantSource.system());
        open.add(tls);
        var token = new KnownToken(BearerToken.of(SECRET), Identity.User.of("ada", List.of()));
        var guard = new Guard(new Authenticator(tls, IdentitySettings.NONE.names(), List.of(token)), Authorizer.NOBODY);
        var server = GrpcServer.on(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        ServerLimits.api(),
                        tls.server(),
                        guard)
                .serve(new ConfigServiceGrpc.ConfigServiceImplBase() {
                    @Override
                    public void history(HistoryRequest request, StreamObserver<HistoryResponse> response) {
                        caller.set(Caller.current().identity().toString());
                        response.onNext(HistoryResponse.getDefaultInstance());
                        response.onCompleted();
                    }
                })
                .start("api");
        open.add(server);
        return server.port();
    }

    private int history(String server, String... more) throws IOException {
        var words = new ArrayList<>(List.of(
                "history",
                "--server",
                server,
                "--ca",
                Files.writeString(folder.resolve("ca.crt"), authority.pem()).toString()));
        words.addAll(Arrays.asList(more));
        return Main.commandLine(screen.terminal()).execute(words.toArray(String[]::new));
    }

    private String[] token() throws IOException {
        return new String[] {
            "--token-file",
            Files.writeString(folder.resolve("token"), SECRET + "\n").toString()
        };
    }

    @Test
    void aTokenIsShownToAServerThatProvedItself() throws IOException {
        var port = serve(authority.issue("localhost"));

        assertThat(history("https://localhost:" + port, token())).isZero();
        assertThat(caller).hasValue("user ada");
    }

    @Test
    void aCertificateIsShownToo() throws IOException {
        var port = serve(authority.issue("localhost"));
        var own = authority.issue("spiffe://cluster.local/ns/shop/sa/deployer").in(folder.resolve("own"), "");

        assertThat(history(
                        "https://localhost:" + port,
                        "--cert",
                        own.certificate().toString(),
                        "--key",
                        own.key().toString()))
                .isZero();
        assertThat(caller).hasValue("workload shop/deployer");
    }

    @Test
    void aServerThatCannotProveItselfIsNamedWithTheReason() throws IOException {
        var self = serve(TestAuthority.selfSigned("localhost"));

        assertThat(history("https://localhost:" + self, token())).isEqualTo(2);
        assertThat(screen.err())
                .startsWith("error: no safe connection to localhost:" + self
                        + ": the certificate of localhost is self-signed (expected: one issued by ")
                .endsWith("; nothing was sent\n");
        assertThat(caller).hasValue("nobody");
    }

    @Test
    void aServerWithAnotherNameIsNamedWithTheReason() throws IOException {
        var port = serve(authority.issue("elsewhere.test"));

        assertThat(history("https://localhost:" + port, token())).isEqualTo(2);
        assertThat(screen.err()).contains("the certificate is for elsewhere.test (expected: for \"localhost\")");
    }

    @Test
    void plainTextToASecureServerIsNamedWithTheWayOut() throws IOException {
        var port = serve(authority.issue("localhost"));

        assertThat(history("localhost:" + port, token())).isEqualTo(2);
        assertThat(screen.err()).contains("(expected: https://localhost:" + port + ", if it speaks TLS)");
    }

    @Test
    void nobodyIsToldSo() throws IOException {
        var port = serve(authority.issue("localhost"));

        assertThat(history("https://localhost:" + port)).isEqualTo(2);
        assertThat(screen.err())
                .contains("does not know who calls: neither a certificate nor a token")
                .contains("see --token-file, --cert and --key");
    }

    @Test
    void theTokenOfThisMachineIsNotShownToOthers() throws IOException {
        var port = serve(authority.issue("localhost"));
        var data = Files.createDirectories(folder.resolve("data"));
        Files.writeString(data.resolve("token"), SECRET + "\n");

        assertThat(history("https://localhost:" + port, "--data", data.toString()))
                .isEqualTo(2);
        assertThat(screen.err()).contains("neither a certificate nor a token");
    }
}
