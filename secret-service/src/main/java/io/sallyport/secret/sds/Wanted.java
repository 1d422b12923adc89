package io.sallyport.secret.sds;

import com.google.common.collect.ImmutableList;
import io.sallyport.secret.store.SecretName;
import java.util.List;
import java.util.Optional;

/// What a proxy asks for by the name of a resource: `kubernetes://shop` is the key pair of secret `shop` of the proxy's
/// namespace, `kubernetes://shop-cacert` the authorities that its clients are checked against.
///
/// `places` are the secrets that may hold it, the first that exists counts: authorities are in `shop-cacert`, else in
/// `shop` itself (Istio: `pilot/pkg/credentials/kube/secrets.go`).
record Wanted(List<SecretName> places, boolean isAuthority) {

    private static final String SCHEME = "kubernetes://";
    private static final String AUTHORITY = "-cacert";

    Wanted {
        places = ImmutableList.copyOf(places);
    }

    /// Empty for a name of no secret that this namespace may have: another scheme, another namespace, a file, or no
    /// name at all. The answer is then the same as for a secret that does not exist.
    static Optional<Wanted> of(String resource, String namespace) {
        if (!resource.startsWith(SCHEME)) {
            return Optional.empty();
        }
        var path = resource.substring(SCHEME.length());
        var name = path.startsWith(namespace + "/") ? path.substring(namespace.length() + 1) : path;
        if (!SecretName.isNamespace(namespace) || !SecretName.isName(name)) {
            return Optional.empty();
        }
        var own = new SecretName(namespace, name);
        if (!name.endsWith(AUTHORITY)) {
            return Optional.of(new Wanted(ImmutableList.of(own), false));
        }
        var plain = name.substring(0, name.length() - AUTHORITY.length());
        return Optional.of(new Wanted(
                SecretName.isName(plain)
                        ? ImmutableList.of(own, new SecretName(namespace, plain))
                        : ImmutableList.of(own),
                true));
    }

    /// The secret as people write it.
    SecretName name() {
        return places.getFirst();
    }
}
