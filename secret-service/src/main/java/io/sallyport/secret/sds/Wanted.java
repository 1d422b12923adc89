package io.sallyport.secret.sds;

import com.google.common.collect.ImmutableList;
import io.sallyport.secret.store.FilePlace;
import io.sallyport.secret.store.SecretName;
import io.sallyport.translation.LentSecret;
import java.util.List;
import java.util.Optional;

/// What a proxy asks for by the name of a resource: `kubernetes://shop` is the key pair of secret `shop` of the proxy's
/// namespace, `kubernetes://shop-cacert` the authorities that its clients are checked against; `lent://…` is another
/// namespace's ([LentSecret]), `file-cert:…` a pair of mounted files ([FilePlace]).
///
/// `places` are the secrets that may hold it, the first that exists counts: authorities are in `shop-cacert`, else in
/// `shop` itself (Istio: `pilot/pkg/credentials/kube/secrets.go`). `claim` says why another namespace's may be had.
record Wanted(List<SecretName> places, boolean isAuthority, Optional<LentSecret> claim, Optional<FilePlace> file) {

    private static final String SCHEME = "kubernetes://";
    private static final String AUTHORITY = "-cacert";

    Wanted {
        places = ImmutableList.copyOf(places);
    }

    /// Empty for a name of no secret that this namespace may have: another scheme, another namespace, or no name at
    /// all. The answer is then the same as for a secret that does not exist.
    static Optional<Wanted> of(String resource, String namespace) {
        if (!SecretName.isNamespace(namespace) || namespace.equals(FilePlace.NAMESPACE)) {
            return Optional.empty();
        }
        if (resource.startsWith(SCHEME)) {
            var path = resource.substring(SCHEME.length());
            var name = path.startsWith(namespace + "/") ? path.substring(namespace.length() + 1) : path;
            return SecretName.isName(name)
                    ? Optional.of(new Wanted(
                            places(namespace, name), name.endsWith(AUTHORITY), Optional.empty(), Optional.empty()))
                    : Optional.empty();
        }
        var lent = LentSecret.parse(resource);
        return lent.isPresent()
                ? lent(lent.get(), namespace)
                : FilePlace.parse(resource)
                        .map(file -> new Wanted(
                                ImmutableList.of(file.secret()),
                                file.isAuthority(),
                                Optional.empty(),
                                Optional.of(file)));
    }

    private static Optional<Wanted> lent(LentSecret lent, String namespace) {
        var lender = lent.lender();
        if (!SecretName.isNamespace(lender)
                || lender.equals(FilePlace.NAMESPACE)
                || !SecretName.isName(lent.secret())) {
            return Optional.empty();
        }
        // Whose own it is need not borrow it.
        var claim = lender.equals(namespace) ? Optional.<LentSecret>empty() : Optional.of(lent);
        return Optional.of(
                new Wanted(places(lender, lent.secret()), lent.secret().endsWith(AUTHORITY), claim, Optional.empty()));
    }

    private static List<SecretName> places(String namespace, String name) {
        var own = new SecretName(namespace, name);
        if (!name.endsWith(AUTHORITY)) {
            return ImmutableList.of(own);
        }
        var plain = name.substring(0, name.length() - AUTHORITY.length());
        return SecretName.isName(plain)
                ? ImmutableList.of(own, new SecretName(namespace, plain))
                : ImmutableList.of(own);
    }

    /// Whether the configuration decides who may have it.
    boolean needsConfiguration() {
        return claim.isPresent() || file.isPresent();
    }

    /// The secret as people write it.
    SecretName name() {
        return places.getFirst();
    }
}
