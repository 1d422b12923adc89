package io.sallyport.runtime.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.runtime.Settings;
import io.sallyport.runtime.SettingsException;
import io.sallyport.runtime.identity.Access.Verb;
import io.sallyport.runtime.tls.PeerNames;
import io.sallyport.runtime.tls.TlsFiles;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What an operator writes, what it means, and what is said about mistakes.
class IdentitySettingsTest {

    private static final Access READ = new Access(Verb.GET, "networking.istio.io", "gateways", "shop");
    private static final Access WRITE = new Access(Verb.CREATE, "networking.istio.io", "gateways", "shop");
    private static final Access LOGS = Access.own(Verb.GET, AccessTable.ACCESS_LOGS, "shop");
    private static final Access SECRETS = new Access(Verb.CREATE, "", "secrets", "shop");

    private static <T extends Record> T read(String text, Class<T> type) throws SettingsException {
        return Settings.parse(text, "settings.yaml", type);
    }

    private static String complaint(String text, Class<? extends Record> type) {
        try {
            return String.valueOf(read(text, type));
        } catch (SettingsException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    @Tag("V28")
    void namesOfCertificatesAreComparedAsAWhole() throws SettingsException {
        var names = read("""
                trustDomain: example.org
                services:
                  config: ["spiffe://example.org/ns/sallyport/sa/config"]
                  xds: [xds.sallyport.svc]
                """, IdentitySettings.class).names();

        assertThat(names.identify(uri("spiffe://example.org/ns/sallyport/sa/config")))
                .contains(new Identity.Service("config"));
        assertThat(names.identify(new PeerNames(List.of(), List.of("xds.sallyport.svc"))))
                .contains(new Identity.Service("xds"));
        assertThat(names.identify(uri("spiffe://example.org/ns/sallyport/sa/config2")))
                .contains(new Identity.Workload("sallyport", "config2", Optional.empty()));
        for (var other : List.of(
                "spiffe://example.org.evil.test/ns/shop/sa/edge",
                "spiffe://example.com/ns/shop/sa/edge",
                "spiffe://example.org/ns/shop/sa/edge/x",
                "spiffe://example.org/ns//sa/edge",
                "spiffe://example.org/ns/shop/sa/",
                "spiffe://example.org/shop/edge",
                "https://example.org/ns/shop/sa/edge")) {
            assertThat(names.identify(uri(other))).as(other).isEmpty();
        }
        assertThat(names.identify(new PeerNames(List.of(), List.of("xxds.sallyport.svc"))))
                .isEmpty();
        assertThat(names.identify(new PeerNames(
                        List.of("spiffe://example.org/ns/shop/sa/edge", "spiffe://example.org/ns/cart/sa/edge"),
                        List.of())))
                .as("two URIs")
                .isEmpty();
    }

    private static PeerNames uri(String uri) {
        return new PeerNames(List.of(uri), List.of());
    }

    @Test
    void rulesAllowWhatTheySayAndNothingElse() throws SettingsException {
        var rules = new Rules(
                Objects.requireNonNull(read("""
                rules:
                - {groups: [platform], may: ["*"], namespaces: ["*"]}
                - {users: [ada], workloads: [shop/deployer], may: [read, write], namespaces: [shop]}
                - {users: [bob], may: [logs], namespaces: [shop, cart]}
                """, AuthorizationSettings.class).rules()));
        var ada = Identity.User.of("ada", List.of());
        var bob = Identity.User.of("bob", List.of());
        var root = Identity.User.of("root", List.of("platform"));

        assertThat(rules.may(ada, READ)).isTrue();
        assertThat(rules.may(ada, WRITE)).isTrue();
        assertThat(rules.may(ada, LOGS)).isFalse();
        assertThat(rules.may(ada, SECRETS)).isFalse();
        assertThat(rules.may(ada, WRITE.in("cart"))).isFalse();
        assertThat(rules.may(ada, READ.in(""))).as("all namespaces").isFalse();
        assertThat(rules.may(new Identity.Workload("shop", "deployer", Optional.of("x")), WRITE))
                .isTrue();
        assertThat(rules.may(new Identity.Workload("shop", "deployer2", Optional.empty()), WRITE))
                .isFalse();
        assertThat(rules.may(Identity.User.of("shop/deployer", List.of()), WRITE))
                .isFalse();
        assertThat(rules.may(Identity.User.of("platform", List.of()), READ))
                .as("a group's name")
                .isFalse();
        assertThat(rules.may(root, SECRETS.in(""))).isTrue();
        assertThat(rules.namespaces(bob, LOGS)).contains(new TreeSet<>(List.of("cart", "shop")));
        assertThat(rules.namespaces(ada, LOGS).orElseThrow()).isEmpty();
        assertThat(rules.namespaces(root, LOGS)).isEmpty();
    }

    @Test
    void mistakesAreNamedWithWhatWasExpected() {
        assertThat(complaint("{certificate: a, key: b}", TlsFiles.class))
                .contains("tls.ca is missing (expected: a PEM file)");
        assertThat(complaint("{services: {cfg: [x]}}", IdentitySettings.class))
                .contains("identity.services \"cfg\" (expected: one of [accesslog, config, egress, secret, xds])");
        assertThat(complaint("{kubernetes: {}}", IdentitySettings.class))
                .contains("identity.kubernetes.audience is missing");
        assertThat(complaint("{oidc: {issuer: a, audience: b, jwks: 'http://c'}}", IdentitySettings.class))
                .contains("(expected: https, or a file");
        assertThat(complaint("{oidc: {issuer: a, audience: b, jwks: k, algorithms: [HS256]}}", IdentitySettings.class))
                .contains("identity.oidc.algorithms \"HS256\" (expected: some of [RS256");
        assertThat(complaint("{oidc: {issuer: a, audience: b, jwks: k, algorithms: [none]}}", IdentitySettings.class))
                .contains("identity.oidc.algorithms \"none\"");
        assertThat(complaint("{proxies: [{workload: edge}]}", IdentitySettings.class))
                .contains("workload \"edge\" (expected: NAMESPACE/SERVICEACCOUNT)");
        assertThat(complaint("{certificate: a, key: b, ca: c, insecure: true}", TlsFiles.class))
                .contains("insecure");
        assertThat(complaint("{}", AuthorizationSettings.class)).contains("either kubernetes: true, or rules");
        assertThat(complaint("{kubernetes: true, rules: []}", AuthorizationSettings.class))
                .contains("either kubernetes: true, or rules");
        assertThat(complaint("{rules: [{may: [read], namespaces: [a]}]}", AuthorizationSettings.class))
                .contains("a rule for nobody");
        assertThat(complaint("{rules: [{users: [a], may: [delete], namespaces: [a]}]}", AuthorizationSettings.class))
                .contains("may \"delete\" (expected: one of [read, write, logs, secrets, *])");
        assertThat(complaint("{rules: [{users: [a], may: [read]}]}", AuthorizationSettings.class))
                .contains("namespaces is missing");
    }

    @Test
    void onlyServiceAccountsAreWorkloads() {
        assertThat(Identity.Workload.ofUser("system:serviceaccount:shop:edge", Optional.empty()))
                .contains(new Identity.Workload("shop", "edge", Optional.empty()));
        for (var other :
                List.of("ada", "system:serviceaccount:shop", "system:serviceaccount:shop:edge:x", "system:node:a")) {
            assertThat(Identity.Workload.ofUser(other, Optional.empty()))
                    .as(other)
                    .isEmpty();
        }
        assertThatThrownBy(() -> Identity.User.of("ada", List.of()).groups().add("x"))
                .isInstanceOf(UnsupportedOperationException.class);
    }
}
