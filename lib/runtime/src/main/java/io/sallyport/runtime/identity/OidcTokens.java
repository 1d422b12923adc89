package io.sallyport.runtime.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.JWTParser;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import io.sallyport.runtime.tls.Tls;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tokens of an OpenID Connect provider: signed by one of its keys with one of the algorithms of the settings,
/// from its issuer, meant for our audience, valid now with at most a minute's difference of clocks.
///
/// Nothing in a token is followed: keys come from the one address of the settings, `jku` and `x5u` are no
/// addresses here. When the keys cannot be fetched, those that are known serve for five minutes, and then no
/// token is good.
public final class OidcTokens implements TokenCheck {

    private static final Logger log = LoggerFactory.getLogger(OidcTokens.class);
    private static final Duration KEPT = Duration.ofMinutes(5);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    // A token with an unknown key asks the provider at most this often.
    private static final Duration AGAIN = Duration.ofSeconds(5);
    private static final int SKEW_SECONDS = 60;
    private static final int MAX_KEYS_BYTES = 256 << 10;
    private static final int MAX_NAME = 256;
    private static final int MAX_GROUPS = 1_000;
    // What Kubernetes calls its own is not a provider's to give.
    private static final String RESERVED = "system:";

    private final IdentitySettings.Oidc settings;
    private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();

    private OidcTokens(IdentitySettings.Oidc settings, JWKSource<SecurityContext> keys, InstantSource clock) {
        this.settings = settings;
        var algorithms = settings.algorithms() == null ? List.<String>of() : settings.algorithms();
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(
                algorithms.stream().map(JWSAlgorithm::parse).collect(Collectors.toSet()), keys));
        processor.setJWSTypeVerifier(
                new DefaultJOSEObjectTypeVerifier<>(JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
        var claims =
                new DefaultJWTClaimsVerifier<>(
                        // Asked whether it holds null, which a set of the JDK's own answers with an exception.
                        Collections.singleton(settings.audience()),
                        new JWTClaimsSet.Builder().issuer(settings.issuer()).build(),
                        Set.of("exp", "sub", "aud"),
                        Set.of()) {
                    @Override
                    protected Date currentTime() {
                        return Date.from(clock.instant());
                    }
                };
        claims.setMaxClockSkew(SKEW_SECONDS);
        processor.setJWTClaimsSetVerifier(claims);
    }

    /// Fetches the keys, so that a mistake in the settings shows in the log at the start and not at the first
    /// call.
    public static OidcTokens start(IdentitySettings.Oidc settings, InstantSource clock) throws IOException {
        return start(settings, clock, KEPT);
    }

    static OidcTokens start(IdentitySettings.Oidc settings, InstantSource clock, Duration kept) throws IOException {
        var keys = keys(settings)
                .cache(kept.toMillis(), PATIENCE.multipliedBy(2).toMillis())
                .refreshAheadCache(false)
                .rateLimited(Math.min(AGAIN.toMillis(), kept.toMillis() / 2))
                .outageTolerant(false)
                .build();
        try {
            keys.get(new JWKSelector(new JWKMatcher.Builder().build()), null);
        } catch (KeySourceException e) {
            log.atError()
                    .addKeyValue("jwks", settings.jwks())
                    .addKeyValue("reason", e.getMessage())
                    .log("No keys of the identity provider; no token is accepted until there are");
        }
        return new OidcTokens(settings, keys, clock);
    }

    private static JWKSourceBuilder<SecurityContext> keys(IdentitySettings.Oidc settings) throws IOException {
        if (!settings.isAddress()) {
            return JWKSourceBuilder.create(new KeyFile(Path.of(settings.jwks())));
        }
        var trust = settings.ca() == null ? null : Tls.trusting(settings.ca()).getSocketFactory();
        return JWKSourceBuilder.create(URI.create(settings.jwks()).toURL(), new Fetching(trust));
    }

    @Override
    public Optional<Identity> identify(String token) throws NotAcceptedException {
        if (!isOfOurIssuer(token)) {
            return Optional.empty();
        }
        try {
            return Optional.of(user(processor.process(token, null)));
        } catch (ParseException | BadJOSEException | JOSEException e) {
            throw new NotAcceptedException("a token of " + settings.issuer() + ": " + e.getMessage());
        }
    }

    private boolean isOfOurIssuer(String token) throws NotAcceptedException {
        if (token.chars().filter(c -> c == '.').count() < 2) {
            return false;
        }
        try {
            var claims = JWTParser.parse(token).getJWTClaimsSet();
            return claims != null && settings.issuer().equals(claims.getIssuer());
        } catch (ParseException e) {
            return false;
        }
    }

    private Identity user(JWTClaimsSet claims) throws ParseException, NotAcceptedException {
        var name = claims.getStringClaim(settings.usernameClaim() == null ? "sub" : settings.usernameClaim());
        if (name == null || name.isBlank() || name.length() > MAX_NAME || name.startsWith(RESERVED)) {
            throw new NotAcceptedException("a token without a name that can be taken");
        }
        var groups = claims.getStringListClaim(settings.groupsClaim() == null ? "groups" : settings.groupsClaim());
        var known = new TreeSet<String>();
        if (groups != null) {
            if (groups.size() > MAX_GROUPS) {
                throw new NotAcceptedException("a token of " + name + " with " + groups.size() + " groups");
            }
            groups.stream()
                    .filter(group -> group != null && !group.startsWith(RESERVED))
                    .forEach(known::add);
        }
        return new Identity.User(name, known);
    }

    /// Asks one address, within bounds, and goes nowhere else.
    private static final class Fetching extends DefaultResourceRetriever {

        Fetching(@Nullable SSLSocketFactory trust) {
            super((int) PATIENCE.toMillis(), (int) PATIENCE.toMillis(), MAX_KEYS_BYTES, true, trust);
        }

        @Override
        protected HttpURLConnection openHTTPConnection(URL url) throws IOException {
            var connection = super.openHTTPConnection(url);
            connection.setInstanceFollowRedirects(false);
            return connection;
        }
    }

    private record KeyFile(Path file) implements JWKSetSource<SecurityContext> {

        @Override
        public JWKSet getJWKSet(JWKSetCacheRefreshEvaluator refresh, long now, @Nullable SecurityContext nothing)
                throws KeySourceException {
            try (var in = Files.newInputStream(file)) {
                return JWKSet.load(in);
            } catch (IOException | ParseException e) {
                throw new KeySourceException(file + ": holds no keys: " + e.getMessage(), e);
            }
        }

        @Override
        public void close() {}
    }
}
