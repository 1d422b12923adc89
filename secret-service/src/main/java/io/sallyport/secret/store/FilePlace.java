package io.sallyport.secret.store;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/// Names a certificate that is mounted as files: `file-cert:/etc/certs/tls.crt~/etc/certs/tls.key`, or authorities:
/// `file-root:/etc/certs/ca.crt`. These are Istio's names (`security/pkg/nodeagent`), so that dumps of proxies read
/// alike; `file-root:/etc/certs/ca.crt~/etc/certs/crl.pem` has the certificates that the authority took back as well.
///
/// What such files hold is kept under a [#secret] of a namespace that nobody else can name.
public record FilePlace(Path certificate, Optional<Path> key, Optional<Path> revocations)
        implements Comparable<FilePlace> {

    /// The namespace of what comes from files. Neither a proxy nor a source may use it.
    public static final String NAMESPACE = "sallyport-files";

    private static final String PAIR = "file-cert:";
    private static final String ROOT = "file-root:";
    private static final int MAX_PATH = 4_096;
    private static final int DIGITS = 40;

    /// Without a list of what an authority took back.
    public FilePlace(Path certificate, Optional<Path> key) {
        this(certificate, key, Optional.empty());
    }

    /// Reads the name of a resource. Misses for every other name, and for paths that are relative or wind upwards.
    public static Optional<FilePlace> parse(String resource) {
        if (resource.startsWith(ROOT)) {
            return root(resource.substring(ROOT.length()));
        }
        int between = resource.indexOf('~');
        if (!resource.startsWith(PAIR) || between < 0) {
            return Optional.empty();
        }
        var key = path(resource.substring(between + 1));
        return key.isEmpty()
                ? Optional.empty()
                : path(resource.substring(PAIR.length(), between))
                        .map(chain -> new FilePlace(chain, key, Optional.empty()));
    }

    private static Optional<FilePlace> root(String paths) {
        int between = paths.indexOf('~');
        if (between < 0) {
            return path(paths).map(root -> new FilePlace(root, Optional.empty(), Optional.empty()));
        }
        var revocations = path(paths.substring(between + 1));
        return revocations.isEmpty()
                ? Optional.empty()
                : path(paths.substring(0, between)).map(root -> new FilePlace(root, Optional.empty(), revocations));
    }

    /// The file beside the first, if two are named.
    public Optional<Path> second() {
        return key.or(() -> revocations);
    }

    private static Optional<Path> path(String text) {
        if (!text.startsWith("/") || text.length() > MAX_PATH || text.indexOf('\0') >= 0) {
            return Optional.empty();
        }
        try {
            var path = Path.of(text);
            return path.normalize().toString().equals(text) ? Optional.of(path) : Optional.empty();
        } catch (InvalidPathException unusable) {
            return Optional.empty();
        }
    }

    /// Whether it names authorities, not a key pair.
    public boolean isAuthority() {
        return key.isEmpty();
    }

    /// Under which name the registry has it.
    public SecretName secret() {
        var digest =
                Hashing.sha256().hashString(toString(), StandardCharsets.UTF_8).toString();
        return new SecretName(NAMESPACE, digest.substring(0, DIGITS));
    }

    @Override
    public int compareTo(FilePlace other) {
        return toString().compareTo(other.toString());
    }

    /// The name of the resource.
    @Override
    public String toString() {
        return key.map(path -> PAIR + certificate + "~" + path)
                .orElseGet(() ->
                        ROOT + certificate + revocations.map(path -> "~" + path).orElse(""));
    }
}
