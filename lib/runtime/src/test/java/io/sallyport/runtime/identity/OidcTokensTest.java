package io.sallyport.runtime.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.sallyport.runtime.identity.Authenticator.UnknownCallerException;
import io.sallyport.runtime.tls.TestAuthority;
import io.sallyport.runtime.tls.Tls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Tokens of an identity provider, good and bad.
@Tag("M23")
@Tag("H68")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OidcTokensTest {

    private static final String ISSUER = "https://id.example.com";
    private static final String AUDIENCE = "sallyport";
    private static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
    private static final InstantSource CLOCK = InstantSource.fixed(NOW);

    @TempDir
    private static Path folder;

    private RSAKey rsa;
    private ECKey ec;
    private RSAKey other;
    private Path keys;

    @BeforeAll
    void makeKeys() throws JOSEException, IOException {
        rsa = new RSAKeyGenerator(2_048).keyID("r1").generate();
        ec = new ECKeyGenerator(Curve.P_256).keyID("e1").generate();
        other = new RSAKeyGenerator(2_048).keyID("r1").generate();
        keys = Files.writeString(
                folder.resolve("jwks.json"),
                new JWKSet(List.of(rsa, ec)).toPublicJWKSet().toString());
    }

    private IdentitySettings.Oidc settings(String jwks) {
        return new IdentitySettings.Oidc(ISSUER, AUDIENCE, jwks, null, null, null, null);
    }

    private static JWTClaimsSet.Builder claims() {
        return new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .audience(AUDIENCE)
                .subject("ada")
                .claim("groups", List.of("shop-team", "system:masters"))
                .issueTime(Date.from(NOW))
                .expirationTime(Date.from(NOW.plus(Duration.ofMinutes(10))));
    }

    private static JWSHeader.Builder header(JWSAlgorithm algorithm, String key) {
        return new JWSHeader.Builder(algorithm).keyID(key).type(JOSEObjectType.JWT);
    }

    private static String sign(JWSHeader header, JWTClaimsSet claims, JWSSigner signer) throws JOSEException {
        var token = new SignedJWT(header, claims);
        token.sign(signer);
        return token.serialize();
    }

    private String good(JWTClaimsSet claims) throws JOSEException {
        return sign(header(JWSAlgorithm.RS256, "r1").build(), claims, new RSASSASigner(rsa));
    }

    private static Date at(long seconds) {
        return Date.from(NOW.plusSeconds(seconds));
    }

    private static String raw(String header, String claims) {
        var encoder = Base64.getUrlEncoder().withoutPadding();
        return encoder.encodeToString(header.getBytes(StandardCharsets.UTF_8)) + "."
                + encoder.encodeToString(claims.getBytes(StandardCharsets.UTF_8)) + ".";
    }

    private Map<String, String> goodTokens() throws JOSEException {
        var tokens = new TreeMap<String, String>();
        tokens.put("RS256", good(claims().build()));
        tokens.put("ES256", sign(header(JWSAlgorithm.ES256, "e1").build(), claims().build(), new ECDSASigner(ec)));
        tokens.put(
                "several audiences",
                good(claims().audience(List.of("other", AUDIENCE)).build()));
        tokens.put("ended 59 s ago", good(claims().expirationTime(at(-59)).build()));
        tokens.put("begins in 59 s", good(claims().notBeforeTime(at(59)).build()));
        tokens.put(
                "access token",
                sign(
                        new JWSHeader.Builder(JWSAlgorithm.RS256)
                                .keyID("r1")
                                .type(new JOSEObjectType("at+jwt"))
                                .build(),
                        claims().build(),
                        new RSASSASigner(rsa)));
        tokens.put(
                "without a type",
                sign(
                        new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("r1").build(),
                        claims().build(),
                        new RSASSASigner(rsa)));
        return tokens;
    }

    private Map<String, String> badTokens() throws JOSEException {
        var tokens = new TreeMap<String, String>();
        var body = claims().build();
        var valid = good(body);
        var parts = valid.split("\\.", -1);
        tokens.put("empty", "");
        tokens.put("a word", "token");
        tokens.put("dots alone", "..");
        tokens.put("a part missing", parts[0] + "." + parts[1]);
        tokens.put("no signature", parts[0] + "." + parts[1] + ".");
        tokens.put(
                "signature of another",
                parts[0] + "." + parts[1] + "."
                        + good(claims().subject("eve").build()).split("\\.", -1)[2]);
        tokens.put(
                "claims of another",
                parts[0] + "." + good(claims().subject("eve").build()).split("\\.", -1)[1] + "." + parts[2]);
        tokens.put("a byte of the signature changed", valid.substring(0, valid.length() - 8) + "AAAAAAAA");
        tokens.put("alg none", new PlainJWT(body).serialize());
        tokens.put("alg None", raw("{\"alg\":\"None\"}", body.toString()));
        tokens.put("alg nOnE with a signature", raw("{\"alg\":\"nOnE\"}", body.toString()) + parts[2]);
        tokens.put("alg missing", raw("{\"typ\":\"JWT\"}", body.toString()) + parts[2]);
        tokens.put(
                "HS256 with the public key",
                sign(
                        header(JWSAlgorithm.HS256, "r1").build(),
                        body,
                        new MACSigner(rsa.toRSAPublicKey().getEncoded())));
        tokens.put(
                "HS256 with the key's text",
                sign(
                        header(JWSAlgorithm.HS256, "r1").build(),
                        body,
                        new MACSigner(rsa.toPublicJWK().toString().getBytes(StandardCharsets.UTF_8))));
        tokens.put(
                "RS512, which is not allowed",
                sign(header(JWSAlgorithm.RS512, "r1").build(), body, new RSASSASigner(rsa)));
        tokens.put(
                "PS256, which is not allowed",
                sign(header(JWSAlgorithm.PS256, "r1").build(), body, new RSASSASigner(rsa)));
        tokens.put(
                "another's key with our id",
                sign(header(JWSAlgorithm.RS256, "r1").build(), body, new RSASSASigner(other)));
        tokens.put("unknown key id", sign(header(JWSAlgorithm.RS256, "r9").build(), body, new RSASSASigner(other)));
        tokens.put(
                "key id that is a path",
                sign(header(JWSAlgorithm.RS256, "../../../dev/null").build(), body, new RSASSASigner(other)));
        tokens.put(
                "key id that is an address",
                sign(header(JWSAlgorithm.RS256, "http://127.0.0.1:1/k").build(), body, new RSASSASigner(other)));
        tokens.put(
                "key id that is SQL",
                sign(header(JWSAlgorithm.RS256, "r1' OR '1'='1").build(), body, new RSASSASigner(other)));
        tokens.put(
                "jku",
                sign(
                        header(JWSAlgorithm.RS256, "r1")
                                .jwkURL(URI.create("http://127.0.0.1:1/keys"))
                                .build(),
                        body,
                        new RSASSASigner(other)));
        tokens.put(
                "x5u",
                sign(
                        header(JWSAlgorithm.RS256, "r1")
                                .x509CertURL(URI.create("http://127.0.0.1:1/c"))
                                .build(),
                        body,
                        new RSASSASigner(other)));
        tokens.put(
                "its own key inside",
                sign(header(JWSAlgorithm.RS256, "r1").jwk(other.toPublicJWK()).build(), body, new RSASSASigner(other)));
        tokens.put("ended 61 s ago", good(claims().expirationTime(at(-61)).build()));
        tokens.put(
                "ended a year ago",
                good(claims().expirationTime(at(-31_536_000)).build()));
        tokens.put("without an end", good(claims().expirationTime(null).build()));
        tokens.put("begins in 61 s", good(claims().notBeforeTime(at(61)).build()));
        tokens.put("other audience", good(claims().audience("kubernetes").build()));
        tokens.put("near audience", good(claims().audience("sallyport2").build()));
        tokens.put("no audience", good(claims().audience((String) null).build()));
        tokens.put(
                "other issuer",
                good(claims().issuer("https://id.example.com.evil.test").build()));
        tokens.put("issuer with a slash", good(claims().issuer(ISSUER + "/").build()));
        tokens.put("no issuer", good(claims().issuer(null).build()));
        tokens.put("no subject", good(claims().subject(null).build()));
        tokens.put("empty subject", good(claims().subject(" ").build()));
        tokens.put(
                "subject of Kubernetes", good(claims().subject("system:admin").build()));
        tokens.put(
                "subject of 300 characters",
                good(claims().subject("a".repeat(300)).build()));
        tokens.put("groups that are a number", good(claims().claim("groups", 7).build()));
        tokens.put(
                "claims twice",
                raw(
                                "{\"alg\":\"RS256\",\"kid\":\"r1\"}",
                                "{\"iss\":\"%s\",\"iss\":\"x\",\"sub\":\"ada\"}".formatted(ISSUER))
                        + parts[2]);
        tokens.put(
                "critical header",
                raw("{\"alg\":\"RS256\",\"kid\":\"r1\",\"crit\":[\"x\"],\"x\":1}", body.toString()) + parts[2]);
        tokens.put(
                "other type",
                sign(
                        new JWSHeader.Builder(JWSAlgorithm.RS256)
                                .keyID("r1")
                                .type(new JOSEObjectType("logout+jwt"))
                                .build(),
                        body,
                        new RSASSASigner(rsa)));
        tokens.put(
                "longer than a token",
                good(claims().claim("fill", "x".repeat(20_000)).build()));
        return tokens;
    }

    @Test
    void goodTokensNameTheirUser() throws Exception {
        var authenticator = authenticator(OidcTokens.start(settings(keys.toString()), CLOCK));

        for (var token : goodTokens().entrySet()) {
            assertThat(authenticator.identify(List.of(), List.of("Bearer " + token.getValue())))
                    .as(token.getKey())
                    .isEqualTo(Identity.User.of("ada", List.of("shop-team")));
        }
    }

    @Test
    void badTokensNameNobodyAndAllInTheSameWords() throws Exception {
        var authenticator = authenticator(OidcTokens.start(settings(keys.toString()), CLOCK));
        var tokens = badTokens();

        assertThat(tokens).hasSizeGreaterThanOrEqualTo(40);
        for (var token : tokens.entrySet()) {
            assertThatThrownBy(() -> authenticator.identify(List.of(), List.of("Bearer " + token.getValue())))
                    .as(token.getKey())
                    .isInstanceOf(UnknownCallerException.class)
                    .hasMessageStartingWith("the token is not accepted (expected: ");
        }
    }

    @Test
    void twoHeadersAreNoHeader() throws Exception {
        var authenticator = authenticator(OidcTokens.start(settings(keys.toString()), CLOCK));
        var good = "Bearer " + good(claims().build());

        assertThatThrownBy(() -> authenticator.identify(List.of(), List.of(good, good)))
                .hasMessage("two authorization headers (expected: one)");
    }

    @Test
    void keysThatCannotBeFetchedLetNobodyIn() throws Exception {
        var authority = new TestAuthority("root");
        var files = authority.issue("localhost").in(folder.resolve("idp"), authority.pem());
        var isUp = new AtomicBoolean(true);
        var fetched = new AtomicInteger();
        try (var tls = Tls.follow(files, InstantSource.system())) {
            var server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.setHttpsConfigurator(new HttpsConfigurator(tls.context()));
            server.createContext("/keys", exchange -> {
                fetched.incrementAndGet();
                var body = Files.readAllBytes(keys);
                exchange.sendResponseHeaders(isUp.get() ? 200 : 503, isUp.get() ? body.length : -1);
                if (isUp.get()) {
                    exchange.getResponseBody().write(body);
                }
                exchange.close();
            });
            server.start();
            try {
                var settings = new IdentitySettings.Oidc(
                        ISSUER,
                        AUDIENCE,
                        "https://localhost:" + server.getAddress().getPort() + "/keys",
                        null,
                        null,
                        null,
                        files.ca());
                var token = List.of("Bearer " + good(claims().build()));
                var authenticator = authenticator(OidcTokens.start(settings, CLOCK, Duration.ofMillis(200)));
                assertThat(authenticator.identify(List.of(), token)).hasToString("user ada");
                assertThat(fetched).as("fetched at the start").hasPositiveValue();

                isUp.set(false);
                org.awaitility.Awaitility.await()
                        .atMost(Duration.ofSeconds(20))
                        .untilAsserted(() -> assertThatThrownBy(() -> authenticator.identify(List.of(), token))
                                .isInstanceOf(UnknownCallerException.class));

                var late = authenticator(OidcTokens.start(settings, CLOCK, Duration.ofMillis(200)));
                assertThatThrownBy(() -> late.identify(List.of(), token)).isInstanceOf(UnknownCallerException.class);
            } finally {
                server.stop(0);
            }
        }
    }

    @Test
    void anAddressInPlainTextIsNoSetting() {
        assertThatThrownBy(() -> settings("http://id.example.com/keys"))
                .hasMessageContaining("(expected: https, or a file; keys over plain text are anybody's)");
    }

    private static Authenticator authenticator(TokenCheck check) {
        return new Authenticator(null, IdentitySettings.NONE.names(), List.of(check));
    }
}
