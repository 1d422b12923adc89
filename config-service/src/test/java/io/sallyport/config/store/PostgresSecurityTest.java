package io.sallyport.config.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.base.Throwables;
import io.sallyport.runtime.tls.TestAuthority;
import io.sallyport.runtime.tls.TestAuthority.Issued;
import io.sallyport.runtime.tls.Tls;
import io.sallyport.runtime.tls.TlsTrap;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.InstantSource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A database that is not the one it should be hears no password and not even a name, and the reason is said.
@Tag("V23")
@Tag("M22")
class PostgresSecurityTest {

    private static final String PASSWORD = "must-not-leave";
    // An SSLRequest is eight bytes, the answer is one.
    private static final TlsTrap.Opening WITH_TLS = socket -> {
        var _ = socket.getInputStream().readNBytes(8);
        socket.getOutputStream().write('S');
        return true;
    };
    private static final TlsTrap.Opening WITHOUT_TLS = socket -> {
        var _ = socket.getInputStream().readNBytes(8);
        socket.getOutputStream().write('N');
        return false;
    };

    @TempDir
    Path folder;

    private final TestAuthority authority = new TestAuthority("root");

    /// Who is led to the trap: the driver alone says at once what the store says after its pool's patience.
    private interface Client {
        AutoCloseable open(String url) throws Exception;
    }

    private static final Client DRIVER = url -> DriverManager.getConnection(url, "sallyport", PASSWORD);
    private static final Client STORE = url -> PostgresRevisionStore.open(url, "sallyport", PASSWORD);

    private static String reason(Throwable e) {
        return e instanceof StoreUnavailableException
                ? String.valueOf(e.getMessage())
                : e.getMessage() + ": " + Throwables.getRootCause(e).getMessage();
    }

    private void refuses(Issued shown, TlsTrap.Opening opening, String... reasons) throws Exception {
        refuses(DRIVER, shown, opening, reasons);
    }

    private void refuses(Client client, Issued shown, TlsTrap.Opening opening, String... reasons) throws Exception {
        var files = shown.in(folder.resolve("server"), authority.pem());
        var ca = Files.writeString(folder.resolve("ca.pem"), authority.pem());
        try (var tls = Tls.follow(files, InstantSource.system());
                var trap = new TlsTrap(tls, opening)) {
            var url = "jdbc:postgresql://localhost:%d/config?sslmode=verify-full&sslrootcert=%s"
                    .formatted(trap.port(), ca);

            assertThatThrownBy(() -> client.open(url))
                    .satisfies(e -> assertThat(reason(e)).contains(reasons).doesNotContain(PASSWORD));

            assertThat(trap.heard()).isEmpty();
        }
    }

    @Test
    void anUnknownAuthorityIsRefused() throws Exception {
        refuses(new TestAuthority("stranger").issue("localhost"), WITH_TLS, "certification path");
    }

    @Test
    void theStoreSaysTheReasonToo() throws Exception {
        refuses(STORE, new TestAuthority("stranger").issue("localhost"), WITH_TLS, "certification path");
    }

    @Test
    void aSelfSignedCertificateIsRefused() throws Exception {
        refuses(TestAuthority.selfSigned("localhost"), WITH_TLS, "certification path");
    }

    @Test
    void anExpiredCertificateIsRefused() throws Exception {
        refuses(authority.issueExpired("localhost"), WITH_TLS, "NotAfter: ");
    }

    @Test
    void aCertificateForAnotherNameIsRefused() throws Exception {
        refuses(authority.issue("elsewhere.test"), WITH_TLS, "hostname localhost could not be verified");
    }

    @Test
    void aServerThatSpeaksPlainTextIsRefused() throws Exception {
        refuses(authority.issue("localhost"), WITHOUT_TLS, "does not support SSL");
    }

    @Test
    void theTrapHearsWhoDoesNotVerify() throws Exception {
        var files = TestAuthority.selfSigned("localhost").in(folder.resolve("server"), authority.pem());
        try (var tls = Tls.follow(files, InstantSource.system());
                var trap = new TlsTrap(tls, WITH_TLS)) {
            var url = "jdbc:postgresql://localhost:%d/config?sslmode=require&socketTimeout=1".formatted(trap.port());

            assertThatThrownBy(() -> DRIVER.open(url)).isInstanceOf(SQLException.class);

            assertThat(trap.heard().getBytes(StandardCharsets.ISO_8859_1))
                    .as("the name of the user and of the database")
                    .isNotEmpty();
        }
    }
}
