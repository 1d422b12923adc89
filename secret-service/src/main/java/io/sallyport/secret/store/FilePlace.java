package io.sallyport.secret.store;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/// Names a certificate that is mounted as files: `file-cert:/etc/certs/tls.crt~/etc/certs/tls.key`, or authorities:
/// `file-root:/etc/certs/ca.crt`. These are Istio's names (`security/pkg/nodeagent`), so that dumps of proxies read
/// alike.
///
/// What such files hold is kept under a [#secret] of a namespace that nobody else can name.
public record FilePlace(Path certificate, Optional<Path> key) implements Comparable<FilePlace> {

    /// The namespace of what comes from files. Neither a proxy nor a source may use it.
    public static final String NAMESPACE = "sallyport-files";

    private static final String PAIR = "file-cert:";
    private static final String ROOT = "file-root:";
    private static final int MAX_PATH = 4_096;
    private static final int DIGITS = 40;

    /// Reads the name of a resource. Misses for every other name, and for paths that are relative or wind upwards.
    public static Optional<FilePlace> parse(String resource) {
        if (resource.startsWith(ROOT)) {
            return path(resource.substring(ROOT.length())).map(root -> new FilePlace(root, Optional.empty()));
        }
        int between = resource.indexOf('~');
        if (!resource.startsWith(PAIR) || between < 0) {
            return Optional.empty();
        }
        var key = path(resource.substring(between + 1));
        return key.isEmpty()
                ? Optional.empty()
                : path(resource.substring(PAIR.length(), between)).map(chain -> new FilePlace(chain, key));
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
        return key.map(path -> PAIR + certificate + "~" + path).orElse(ROOT + certificate);
    }
}
