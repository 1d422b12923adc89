package io.sallyport.runtime.tls;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The setting `tls`, the same for every service: the three files of a Kubernetes TLS Secret, as cert-manager
/// writes it.
///
/// ```yaml
/// tls: {certificate: /tls/tls.crt, key: /tls/tls.key, ca: /tls/ca.crt}
/// ```
///
/// The certificate is shown to callers and to the services that are called; `ca` says whom to believe, both
/// ways. During a change of the authority that file holds the old and the new one.
public record TlsFiles(Path certificate, Path key, Path ca) {

    public TlsFiles {
        require("certificate", certificate);
        require("key", key);
        require("ca", ca);
    }

    private static void require(String name, @Nullable Path value) {
        if (value == null) {
            throw new IllegalArgumentException("tls." + name + " is missing (expected: a PEM file)");
        }
    }
}
