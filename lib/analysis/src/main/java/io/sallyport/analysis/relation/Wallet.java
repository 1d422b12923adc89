package io.sallyport.analysis.relation;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Lookup;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway;
import io.sallyport.model.Gateway.Server;
import io.sallyport.model.Gateway.ServerTlsSettings;
import io.sallyport.model.Gateway.TlsMode;
import io.sallyport.model.Platform;
import io.sallyport.model.PublicCertificate;
import io.sallyport.model.Secret;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/// The credentials that a Gateway names, and where their Secrets are looked for: in the namespaces of the proxies that
/// serve it (T6), or, without those in sight, in its own and in `istio-system`.
record Wallet(At<Gateway> gateway, Lookup world, String namespace) {

    private static final String ROOT = "istio-system";

    /// A server that ends TLS, and one of its credentials.
    record Credential(At<Server> server, At<String> name) {

        /// Whether clients must, or may, show a certificate that an authority of this credential has signed.
        boolean needsAuthority() {
            var tls = server.value().tls();
            return tls != null
                    && tls.mode() != TlsMode.SIMPLE
                    && tls.caCertCredentialName().isEmpty();
        }
    }

    Stream<Credential> credentials() {
        return gateway.each("servers", Gateway::servers).flatMap(Wallet::credentials);
    }

    static Stream<Credential> credentials(At<Server> server) {
        if (!endsTls(server.value())) {
            return Stream.empty();
        }
        return server.field("tls", Server::tls)
                .flatMap(tls -> Stream.concat(
                        tls.field("credentialName", ServerTlsSettings::credentialName),
                        tls.each("credentialNames", ServerTlsSettings::credentialNames)))
                // Names with a scheme are fetched from elsewhere.
                .filter(name -> !name.value().isEmpty() && !name.value().contains("://"))
                .map(name -> new Credential(server, name));
    }

    /// A certificate that can be read, by the name of a credential.
    record Held(At<String> name, ConfigObject<Secret> secret, PublicCertificate certificate) {}

    Stream<Held> certificates() {
        return credentials()
                .flatMap(credential -> secret(credential.name().value())
                        .flatMap(secret -> Optional.ofNullable(secret.spec().certificate())
                                .map(certificate -> new Held(credential.name(), secret, certificate)))
                        .stream());
    }

    static boolean endsTls(Server server) {
        var tls = server.tls();
        return tls != null
                && (tls.mode() == TlsMode.SIMPLE
                        || tls.mode() == TlsMode.MUTUAL
                        || tls.mode() == TlsMode.OPTIONAL_MUTUAL);
    }

    Set<String> namespaces() {
        var namespaces = new TreeSet<String>();
        world.platform()
                .ifPresent(platform -> ((Platform) platform.spec())
                        .proxiesOrDefault().stream()
                                .filter(proxy -> proxy.labels()
                                        .entrySet()
                                        .containsAll(gateway.value().selector().entrySet()))
                                .forEach(proxy -> namespaces.add(proxy.namespace())));
        if (namespaces.isEmpty()) {
            namespaces.add(ROOT);
            namespaces.add(namespace);
        }
        return namespaces;
    }

    /// The Secret of a credential: `shop-cert`, or `shop/shop-cert` where another namespace is named.
    Optional<ConfigObject<Secret>> secret(String name) {
        if (name.contains("/")) {
            return world.secret(name);
        }
        return namespaces().stream()
                .flatMap(place -> world.secret(place + "/" + name).stream())
                .findFirst();
    }
}
