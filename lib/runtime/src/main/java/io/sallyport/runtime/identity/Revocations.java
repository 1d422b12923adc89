package io.sallyport.runtime.identity;

import com.google.common.hash.Hashing;
import io.sallyport.runtime.SteadyLoop;
import io.sallyport.runtime.tls.PeerNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Certificates that count no more although their time is not over, one a line of a file that is read again when it
/// changes:
///
/// ```
/// sha256:9F:86:D0:…     # as `openssl x509 -noout -fingerprint -sha256` prints it
/// spiffe://cluster.local/ns/shop/sa/edge    # all certificates of this name
/// ```
///
/// A file that becomes unreadable, or has a line that is neither, leaves the last good list in force, with a warning:
/// whoever was turned away stays outside.
public final class Revocations implements AutoCloseable {

    /// Nobody's is revoked.
    public static final Revocations NONE = new Revocations(new HashSet<>());

    private static final Logger log = LoggerFactory.getLogger(Revocations.class);
    private static final Duration LOOK = Duration.ofSeconds(5);
    private static final int MOST_BYTES = 4 << 20;
    private static final Pattern FINGERPRINT = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern NAME = Pattern.compile("[a-z0-9][-a-z0-9+.]*://[^\\s#]+|[A-Za-z0-9*][-A-Za-z0-9.]*");
    private static final String SHA = "sha256:";

    private @Nullable SteadyLoop looks;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private volatile Set<String> revoked;
    // Of the looking thread alone.
    private String complaint = "";

    private Revocations(Set<String> revoked) {
        this.revoked = revoked;
    }

    /// Reads a file and follows it. A list that cannot be read at the start is no list at all, so nothing starts.
    public static Revocations follow(Path file) throws IOException {
        return follow(file, LOOK);
    }

    static Revocations follow(Path file, Duration every) throws IOException {
        var revocations = new Revocations(read(file));
        revocations.looks = SteadyLoop.every("revocations", every, _ -> revocations.lookOnce(file));
        return revocations;
    }

    private static Set<String> read(Path file) throws IOException {
        if (Files.size(file) > MOST_BYTES) {
            throw new IOException(file + ": larger than " + MOST_BYTES + " bytes");
        }
        var found = new HashSet<String>();
        int number = 0;
        for (var line : Files.readAllLines(file)) {
            number++;
            int comment = line.indexOf('#');
            var entry = (comment < 0 ? line : line.substring(0, comment)).strip();
            if (!entry.isEmpty()) {
                found.add(entry(entry, file + ":" + number));
            }
        }
        return Set.copyOf(found);
    }

    private static String entry(String entry, String place) throws IOException {
        if (entry.toLowerCase(Locale.ROOT).startsWith(SHA)) {
            var digits = entry.substring(SHA.length()).replace(":", "").toLowerCase(Locale.ROOT);
            if (FINGERPRINT.matcher(digits).matches()) {
                return SHA + digits;
            }
        } else if (NAME.matcher(entry).matches()) {
            return entry;
        }
        throw new IOException(
                place + ": \"" + entry + "\" (expected: sha256: and 64 hexadecimal digits, or a name of certificates)");
    }

    private void lookOnce(Path file) {
        try {
            var next = read(file);
            complaint = "";
            if (!next.equals(revoked)) {
                revoked = next;
                log.atInfo().addKeyValue("entries", next.size()).log("Took a new list of revoked certificates");
                listeners.forEach(Runnable::run);
            }
        } catch (IOException e) {
            var reason = String.valueOf(e.getMessage());
            if (!reason.equals(complaint)) {
                complaint = reason;
                log.atWarn()
                        .addKeyValue("reason", reason)
                        .log("Revoked certificates cannot be read; the last list stays");
            }
        }
    }

    /// Why a certificate counts no more; empty: it does.
    public Optional<String> objection(X509Certificate certificate) {
        var now = revoked;
        if (now.isEmpty()) {
            return Optional.empty();
        }
        var names = PeerNames.of(certificate);
        var isRevoked = names.uris().stream().anyMatch(now::contains)
                || names.dns().stream().anyMatch(now::contains)
                || now.contains(SHA + fingerprint(certificate));
        return isRevoked ? Optional.of("the certificate of " + names + " is revoked") : Optional.empty();
    }

    private static String fingerprint(X509Certificate certificate) {
        try {
            return Hashing.sha256().hashBytes(certificate.getEncoded()).toString();
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate of a handshake cannot be encoded", e);
        }
    }

    /// Runs something after each change of the list.
    void whenChanged(Runnable listener) {
        listeners.add(listener);
    }

    @Override
    public void close() {
        if (looks != null) {
            looks.close();
        }
    }
}
