package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.INFO;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Bindings;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.WorldRule;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway;
import io.sallyport.model.Gateway.Server;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.PublicCertificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The certificates of a Gateway's servers, where their Secrets are among the objects: whether they are there, for
/// these hosts, and not over. Nothing is said where no Secret is among them.
final class CertificateRules {

    private static final Duration SOON = Duration.ofDays(14);
    private static final String SIMPLE = "{mode: SIMPLE, credentialName: shop-cert}";

    private CertificateRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new CredentialExists(),
                new CredentialIsComplete(),
                new CertificateCoversHost(),
                new CertificateIsValid(),
                new CertificateIsReadable(),
                new CertificateNamesAreNames(),
                new CertificateIsOnesOwn());
    }

    private static String gateway(String name, String hosts, String tls) {
        return "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {namespace: shop, name: %s}\nspec: {servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: %s, tls: %s}]}\n"
                .formatted(name, hosts, tls);
    }

    private static String secret(String namespace) {
        return ExampleCertificates.secret(namespace, "shop-cert", ExampleCertificates.SHOP);
    }

    private static List<Report.Place> place(ConfigObject<?> secret) {
        return List.of(new Report.Place(secret, Path.ROOT));
    }

    /// SP2111: a handshake without a certificate, which looks like a broken network (S61, S62).
    static final class CredentialExists extends WorldRule<Gateway> {
        CredentialExists() {
            super(
                    "SP2111",
                    WARNING,
                    "Credential does not exist",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "A gateway reads Secrets of its proxies' own namespace. Without one, handshakes for these hosts are reset; all else is served.",
                            secret("app") + gateway("edge", "[shop.test]", SIMPLE),
                            secret("istio-system") + gateway("edge", "[shop.test]", SIMPLE)));
        }

        @Override
        public void check(At<Gateway> gateway, Lookup world, Report report) {
            if (world.hasSecrets()) {
                var wallet = new Wallet(gateway, world, report.object().namespace());
                wallet.credentials()
                        .filter(credential ->
                                wallet.secret(credential.name().value()).isEmpty())
                        .forEach(credential -> report(credential, wallet, world, report));
            }
        }

        private static void report(Wallet.Credential credential, Wallet wallet, Lookup world, Report report) {
            var name = credential.name().value();
            var elsewhere = world.secrets(name.substring(name.indexOf('/') + 1)).stream()
                    .limit(3)
                    .toList();
            // Where the proxies are known, SP2131 says so, and SP2130 of a Secret that somebody else has to lend.
            if (!elsewhere.isEmpty() && world.platform().isPresent()) {
                return;
            }
            var wanted = String.join("\" or \"", wallet.namespaces());
            var message = elsewhere.isEmpty()
                    ? "credential \"%s\" does not exist (expected: a Secret of that name in namespace \"%s\")"
                            .formatted(name, wanted)
                    : "credential \"%s\" is not there: a Secret of that name exists in namespace \"%s\" (expected: it in namespace \"%s\")"
                            .formatted(name, elsewhere.getFirst().namespace(), wanted);
            report.at(
                    credential.name(),
                    message,
                    elsewhere.stream()
                            .map(other -> new Report.Place(other, Path.ROOT))
                            .toList());
        }
    }

    /// SP2112: a Secret that lacks what the server needs (T7, T8).
    static final class CredentialIsComplete extends WorldRule<Gateway> {
        CredentialIsComplete() {
            super(
                    "SP2112",
                    WARNING,
                    "Credential lacks a key",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "A server needs tls.crt and tls.key (or cert and key); MUTUAL also ca.crt or cacert, there or in a Secret with \"-cacert\" behind its name.",
                            secret("istio-system")
                                    + gateway("edge", "[shop.test]", "{mode: MUTUAL, credentialName: shop-cert}"),
                            secret("istio-system") + gateway("edge", "[shop.test]", SIMPLE)));
        }

        @Override
        public void check(At<Gateway> gateway, Lookup world, Report report) {
            if (world.hasSecrets()) {
                var wallet = new Wallet(gateway, world, report.object().namespace());
                wallet.credentials().forEach(credential -> check(credential, wallet, report));
            }
        }

        private static void check(Wallet.Credential credential, Wallet wallet, Report report) {
            wallet.secret(credential.name().value()).ifPresent(secret -> {
                var keys = secret.spec().keys();
                boolean pair =
                        keys.containsAll(List.of("tls.crt", "tls.key")) || keys.containsAll(List.of("cert", "key"));
                if (!pair) {
                    report.at(
                            credential.name(),
                            "%s has the keys %s (expected: tls.crt and tls.key, or cert and key)"
                                    .formatted(secret.ref(), keys),
                            place(secret));
                }
                if (credential.needsAuthority()
                        && !keys.contains("cacert")
                        && !keys.contains("ca.crt")
                        && wallet.secret(credential.name().value() + "-cacert").isEmpty()) {
                    report.at(
                            credential.name(),
                            "%s has no authority for client certificates (expected: ca.crt, or a Secret \"%s-cacert\")"
                                    .formatted(secret.ref(), credential.name().value()),
                            place(secret));
                }
            });
        }
    }

    /// SP2113: every client that checks names refuses it.
    static final class CertificateCoversHost extends WorldRule<Gateway> {
        CertificateCoversHost() {
            super(
                    "SP2113",
                    WARNING,
                    "Certificate does not cover a host",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "Clients compare the host that they ask for with the names in the certificate; a wildcard there stands for one label.",
                            secret("istio-system") + gateway("edge", "[shop.test, pay.test]", SIMPLE),
                            secret("istio-system") + gateway("edge", "[shop.test]", SIMPLE)));
        }

        @Override
        public void check(At<Gateway> gateway, Lookup world, Report report) {
            if (world.hasSecrets()) {
                var wallet = new Wallet(gateway, world, report.object().namespace());
                gateway.each("servers", Gateway::servers).forEach(server -> check(server, wallet, report));
            }
        }

        // Of several certificates (RSA and ECDSA) one that covers the host is enough; one that is unknown may.
        private static void check(At<Server> server, Wallet wallet, Report report) {
            var secrets = Wallet.credentials(server)
                    .map(credential -> wallet.secret(credential.name().value()))
                    .toList();
            var certificates = secrets.stream()
                    .flatMap(Optional::stream)
                    .flatMap(secret -> Optional.ofNullable(secret.spec().certificate()).stream())
                    .toList();
            if (secrets.isEmpty() || certificates.size() < secrets.size()) {
                return;
            }
            var secret = secrets.getFirst().orElseThrow();
            server.each("hosts", Server::hosts)
                    .filter(host -> !Bindings.bareHost(host.value()).equals("*"))
                    .filter(host -> certificates.stream().noneMatch(one -> one.covers(Bindings.bareHost(host.value()))))
                    .forEach(host -> report.at(
                            host,
                            "the certificate of %s is for %s, not for \"%s\" (expected: that name in the certificate)"
                                    .formatted(
                                            secret.ref(),
                                            certificates.getFirst().names(),
                                            Bindings.bareHost(host.value())),
                            place(secret)));
        }
    }

    /// SP2114: over, not begun, or over soon.
    static final class CertificateIsValid extends WorldRule<Gateway> {
        CertificateIsValid() {
            super(
                    "SP2114",
                    WARNING,
                    "Certificate is not valid now, or not for long",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "Clients refuse a certificate outside its dates; this is said 14 days ahead.",
                            ExampleCertificates.secret("istio-system", "shop-cert", ExampleCertificates.OLD)
                                    + gateway("edge", "[shop.test]", SIMPLE),
                            secret("istio-system") + gateway("edge", "[shop.test]", SIMPLE)));
        }

        @Override
        public void check(At<Gateway> gateway, Lookup world, Report report) {
            world.now().ifPresent(now -> {
                var wallet = new Wallet(gateway, world, report.object().namespace());
                wallet.certificates()
                        .forEach(held -> problem(held.certificate(), now)
                                .ifPresent(problem -> report.at(
                                        held.name(),
                                        "the certificate of %s %s (expected: a renewed one)"
                                                .formatted(held.secret().ref(), problem),
                                        place(held.secret()))));
            });
        }

        private static Optional<String> problem(PublicCertificate certificate, Instant now) {
            var from = Instant.ofEpochSecond(certificate.notBefore());
            var until = Instant.ofEpochSecond(certificate.notAfter());
            if (until.isBefore(now)) {
                return Optional.of("expired at " + until);
            }
            if (from.isAfter(now)) {
                return Optional.of("is not valid before " + from);
            }
            return until.isBefore(now.plus(SOON)) ? Optional.of("expires at " + until) : Optional.empty();
        }
    }

    /// SP2117: a Secret with something else where the certificate belongs (Istio: IST0161).
    static final class CertificateIsReadable extends WorldRule<Gateway> {
        CertificateIsReadable() {
            super(
                    "SP2117",
                    WARNING,
                    "Certificate cannot be read",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "What is no certificate is not served: handshakes for these hosts are reset, or the last good one stays.",
                            ExampleCertificates.secret("istio-system", "shop-cert", "no certificate\n")
                                    + gateway("edge", "[shop.test]", SIMPLE),
                            secret("istio-system") + gateway("edge", "[shop.test]", SIMPLE)));
        }

        @Override
        public void check(At<Gateway> gateway, Lookup world, Report report) {
            if (world.hasSecrets()) {
                var wallet = new Wallet(gateway, world, report.object().namespace());
                wallet.credentials()
                        .forEach(credential -> wallet.secret(credential.name().value())
                                .filter(secret -> secret.spec().certificate() == null
                                        && (secret.spec().keys().contains("tls.crt")
                                                || secret.spec().keys().contains("cert")))
                                .ifPresent(secret -> report.at(
                                        credential.name(),
                                        "what %s has as certificate is none (expected: a certificate in PEM)"
                                                .formatted(secret.ref()),
                                        place(secret))));
            }
        }
    }

    /// SP2116: names that stand in the certificate and help nobody, or that keep it from being served (H43).
    static final class CertificateNamesAreNames extends WorldRule<Gateway> {
        private static final int SHOWN = 80;

        CertificateNamesAreNames() {
            super(
                    "SP2116",
                    WARNING,
                    "Certificate has names that no client takes",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "Clients look at the alternative names alone, and take a wildcard for one whole label in front. A certificate with a control character in a name, or with more than 1,000, is not served.",
                            ExampleCertificates.secret("istio-system", "shop-cert", ExampleCertificates.COMMON)
                                    + gateway("edge", "[good.test]", SIMPLE),
                            secret("istio-system") + gateway("edge", "[shop.test]", SIMPLE)));
        }

        @Override
        public void check(At<Gateway> gateway, Lookup world, Report report) {
            if (world.hasSecrets()) {
                var wallet = new Wallet(gateway, world, report.object().namespace());
                wallet.certificates()
                        .forEach(held -> problem(held.certificate().names())
                                .ifPresent(problem -> report.at(
                                        held.name(),
                                        "the certificate of %s %s"
                                                .formatted(held.secret().ref(), problem),
                                        place(held.secret()))));
            }
        }

        private static Optional<String> problem(List<String> names) {
            if (names.isEmpty()) {
                return Optional.of("has no alternative name (expected: the hosts as such names; "
                        + "clients do not look at the common name)");
            }
            if (names.size() > PublicCertificate.MOST_NAMES) {
                return Optional.of("has more than %,d names and is not served (expected: fewer)"
                        .formatted(PublicCertificate.MOST_NAMES));
            }
            var control = names.stream()
                    .filter(name -> name.chars().anyMatch(c -> c < ' ' || c == 0x7F))
                    .findFirst();
            if (control.isPresent()) {
                return Optional.of("has the name \"%s\" and is not served (expected: no control character in a name)"
                        .formatted(shown(control.get())));
            }
            return names.stream()
                    .filter(name -> !isTaken(name))
                    .findFirst()
                    .map(name ->
                            "has the name \"%s\", which no client takes (expected: a host name, such as \"a.test\" or \"*.a.test\")"
                                    .formatted(shown(name)));
        }

        // An address, or labels of ASCII with "*" as the first of at least two.
        private static boolean isTaken(String name) {
            var rest = name.startsWith("*.") ? name.substring(2) : name;
            return !rest.isEmpty() && rest.chars().allMatch(c -> c > ' ' && c < 0x7F && c != '*');
        }

        private static String shown(String name) {
            var text = new StringBuilder();
            name.chars()
                    .limit(SHOWN)
                    .forEach(c -> text.append(c < ' ' || c >= 0x7F ? "\\x%02x".formatted(c) : (char) c));
            return text.toString();
        }
    }

    /// SP3108: a browser takes a connection that it has for every host of the certificate, also those of other servers
    /// (P2). Sallyport answers 421 there, which browsers understand (decision 0006); Istio answers 404.
    static final class CertificateIsOnesOwn extends WorldRule<Gateway> {
        CertificateIsOnesOwn() {
            super(
                    "SP3108",
                    INFO,
                    "Certificate covers hosts of another server",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "Clients reuse a connection for all hosts of its certificate. A request for a host of another server is answered 421 there; clients that do not repeat it see an error. One server with all hosts, or a certificate for each, avoids it.",
                            gateway("first", "[shop.test]", SIMPLE) + "---\n" + gateway("second", "[pay.test]", SIMPLE),
                            gateway("first", "[shop.test]", SIMPLE) + "---\n"
                                    + gateway("second", "[pay.test]", "{mode: SIMPLE, credentialName: pay-cert}")));
        }

        @Override
        public void check(At<Gateway> gateway, Lookup world, Report report) {
            var wallet = new Wallet(gateway, world, report.object().namespace());
            wallet.credentials()
                    .forEach(credential -> older(credential, world, report)
                            .filter(other -> other.spec().servers().stream()
                                    .anyMatch(server -> meets(credential, server, wallet)))
                            .findFirst()
                            .ifPresent(other -> report.at(
                                    credential.name(),
                                    "the certificate \"%s\" is good for hosts of the older %s too (expected: one server for them, or a certificate each)"
                                            .formatted(credential.name().value(), other.ref()),
                                    List.of(new Report.Place(other, Path.of("spec", "servers"))))));
        }

        private static Stream<ConfigObject<Gateway>> older(Wallet.Credential credential, Lookup world, Report report) {
            var door = Bindings.door(credential.server().value());
            return world.listening(door, Bindings.Listening.TLS).stream()
                    .filter(other -> other.isOlderThan(report.object()));
        }

        private static boolean meets(Wallet.Credential credential, Server other, Wallet wallet) {
            var tls = other.tls();
            var mine = credential.server().value();
            if (tls == null
                    || !Wallet.endsTls(other)
                    || !Bindings.door(other).equals(Bindings.door(mine))
                    || new HashSet<>(other.hosts()).equals(new HashSet<>(mine.hosts()))) {
                return false;
            }
            var name = credential.name().value();
            return tls.credentialName().equals(name)
                    || tls.credentialNames().contains(name)
                    || wallet.secret(name)
                            .flatMap(secret -> Optional.ofNullable(secret.spec().certificate()))
                            .filter(certificate -> other.hosts().stream()
                                    .map(Bindings::bareHost)
                                    .anyMatch(host -> !host.equals("*") && certificate.covers(host)))
                            .isPresent();
        }
    }
}
