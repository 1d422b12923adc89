package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Bindings;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway;
import io.sallyport.model.Gateway.Server;
import io.sallyport.model.Gateway.ServerTlsSettings;
import io.sallyport.model.Kind;
import io.sallyport.model.Platform;
import io.sallyport.model.SecretGrant;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Where the secrets of a Gateway's servers are, and who lends them.
final class SecretRules {

    private static final String HEAD =
            "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {namespace: shop, name: edge}\n";
    private static final String SERVER =
            "spec: {selector: {app: edge}, servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [pay.test], tls: {mode: SIMPLE, credentialName: %s}}]}\n";
    private static final String GRANT =
            "---\napiVersion: sallyport.io/v1alpha1\nkind: SecretGrant\nmetadata: {namespace: pay, name: lend}\nspec: {secrets: [cert], gateways: [{namespace: shop, name: edge}], hosts: [%s]}\n";
    private static final String PLATFORM =
            "---\napiVersion: sallyport.io/v1alpha1\nkind: Platform\nmetadata: {namespace: istio-system, name: sallyport}\nproxies: [{name: edge, namespace: istio-system, labels: {app: edge}}]\n";
    private static final String SECRET =
            "---\napiVersion: v1\nkind: Secret\nmetadata: {namespace: %s, name: cert}\ndata: {tls.crt: \"\"}\n";

    private SecretRules() {}

    static List<Rule<?>> all() {
        return List.of(new GrantIsReadable(), new SecretIsLent(), new SecretIsBesideProxy());
    }

    /// SP1960: a grant that cannot lend anything.
    static final class GrantIsReadable extends ObjectRule<SecretGrant> {

        GrantIsReadable() {
            super(
                    "SP1960",
                    ERROR,
                    "SecretGrant names no secret, Gateway or host",
                    Kind.SECRET_GRANT,
                    SecretGrant.class,
                    new Page(
                            "Secrets and Gateways are named, not matched; hosts are host names, with a wildcard in front at most.",
                            "{secrets: [\"*\"], gateways: [{namespace: shop, name: edge}], hosts: [pay.test]}",
                            "{secrets: [cert], gateways: [{namespace: shop, name: edge}], hosts: [\"*.pay.test\"]}"));
        }

        @Override
        public void check(At<SecretGrant> grant, Report report) {
            grant.each("secrets", SecretGrant::secrets).forEach(secret -> name(secret, "a secret's name", report));
            grant.each("gateways", SecretGrant::gateways).forEach(gateway -> {
                gateway.field("namespace", SecretGrant.Borrower::namespace)
                        .forEach(namespace -> name(namespace, "a namespace", report));
                gateway.field("name", SecretGrant.Borrower::name)
                        .forEach(name -> name(name, "a Gateway's name", report));
            });
            grant.each("hosts", SecretGrant::hosts)
                    .forEach(
                            host -> Hosts.wildcardProblem(host.value()).ifPresent(problem -> report.at(host, problem)));
        }

        private static void name(At<String> text, String what, Report report) {
            if (Hosts.nameProblem(text.value()).isPresent()) {
                report.at(text, "\"%s\" (expected: %s)".formatted(text.value(), what));
            }
        }
    }

    private record Credential(At<String> name, Server server) {}

    private static Stream<Credential> credentials(At<Gateway> gateway) {
        return gateway.each("servers", Gateway::servers)
                .flatMap(server -> server.field("tls", Server::tls)
                        .flatMap(tls -> Stream.of(
                                        tls.field("credentialName", ServerTlsSettings::credentialName),
                                        tls.each("credentialNames", ServerTlsSettings::credentialNames),
                                        tls.field("caCertCredentialName", ServerTlsSettings::caCertCredentialName))
                                .flatMap(names -> names))
                        .filter(name -> !name.value().isEmpty() && !name.value().contains("://"))
                        .map(name -> new Credential(name, server.value())));
    }

    // Where the proxies run that the Gateway selects; empty: nobody says.
    private static List<String> homes(Gateway gateway, Lookup world) {
        return world.platform().map(ConfigObject::spec).stream()
                .flatMap(spec -> ((Platform) spec).proxiesOrDefault().stream())
                .filter(proxy ->
                        proxy.labels().entrySet().containsAll(gateway.selector().entrySet()))
                .map(Platform.Proxy::namespace)
                .distinct()
                .sorted()
                .toList();
    }

    private static Optional<String> lender(String credential) {
        int slash = credential.indexOf('/');
        return slash > 0 ? Optional.of(credential.substring(0, slash)) : Optional.empty();
    }

    /// SP2130: a credential of another namespace that nobody lends to this Gateway.
    static final class SecretIsLent extends WorldRule<Gateway> {

        SecretIsLent() {
            super(
                    "SP2130",
                    WARNING,
                    "Secret of another namespace is not lent",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "A gateway gets secrets of its proxy's namespace, and what a SecretGrant of the owner lends to it for all hosts of the server. Handshakes of this server fail until then.",
                            HEAD + SERVER.formatted("pay/cert") + GRANT.formatted("other.test"),
                            HEAD + SERVER.formatted("pay/cert") + GRANT.formatted("pay.test")));
        }

        @Override
        public void check(At<Gateway> gateway, Lookup world, Report report) {
            var home = homes(gateway.value(), world);
            credentials(gateway).forEach(credential -> {
                var lender = lender(credential.name().value());
                if (lender.isEmpty() || home.equals(List.of(lender.get()))) {
                    return;
                }
                var secret = credential.name().value().substring(lender.get().length() + 1);
                var borrower = report.object().ref().qualifiedName();
                var hosts = credential.server().hosts().stream()
                        .map(Bindings::bareHost)
                        .toList();
                var grants = world.grants(lender.get());
                if (grants.stream().noneMatch(grant -> Lending.covers(grant.spec(), secret, borrower, hosts))) {
                    report.at(
                            credential.name(),
                            "secret \"%s\" is not lent to Gateway \"%s\" for %s (expected: a SecretGrant in namespace \"%s\")"
                                    .formatted(credential.name().value(), borrower, hosts, lender.get()));
                }
            });
        }
    }

    /// SP2131: the secret is beside the application, where the gateway's proxy does not look (S62).
    static final class SecretIsBesideProxy extends WorldRule<Gateway> {

        SecretIsBesideProxy() {
            super(
                    "SP2131",
                    WARNING,
                    "Secret is in another namespace than the proxy",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "A credentialName is looked up in the namespace of the proxy that serves the Gateway, not in that of the Gateway or of the application.",
                            HEAD + SERVER.formatted("cert") + PLATFORM + SECRET.formatted("shop"),
                            HEAD + SERVER.formatted("cert") + PLATFORM + SECRET.formatted("istio-system")));
        }

        @Override
        public void check(At<Gateway> gateway, Lookup world, Report report) {
            for (var home : homes(gateway.value(), world)) {
                credentials(gateway)
                        .filter(credential -> lender(credential.name().value()).isEmpty())
                        .forEach(credential -> check(credential.name(), home, world, report));
            }
        }

        private static void check(At<String> name, String home, Lookup world, Report report) {
            var namespaces = new TreeSet<String>();
            world.secrets(name.value()).forEach(secret -> namespaces.add(secret.namespace()));
            if (namespaces.isEmpty() || namespaces.contains(home)) {
                return;
            }
            report.at(
                    name,
                    "a secret \"%s\" exists in namespace %s; it must be in \"%s\" (expected: it there, or \"%s/%s\" and a SecretGrant)"
                            .formatted(
                                    name.value(),
                                    namespaces.stream()
                                            .map(namespace -> '"' + namespace + '"')
                                            .collect(Collectors.joining(", ")),
                                    home,
                                    namespaces.first(),
                                    name.value()));
        }
    }
}
