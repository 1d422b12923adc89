package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Which tokens are believed: Istio's `security.istio.io` RequestAuthentication, field by field.
public record RequestAuthentication(
        @Nullable PolicySelector selector,
        @DeprecatedField("targetRefs") @Nullable PolicyTargetReference targetRef,
        ImmutableList<PolicyTargetReference> targetRefs,
        ImmutableList<JwtRule> jwtRules)
        implements Spec {

    /// One issuer and where its tokens are found.
    public record JwtRule(
            @Required String issuer,
            ImmutableList<String> audiences,
            String jwksUri,
            String jwks,
            ImmutableList<JwtHeader> fromHeaders,
            ImmutableList<String> fromParams,
            ImmutableList<String> fromCookies,
            String outputPayloadToHeader,
            boolean forwardOriginalToken,
            ImmutableList<ClaimToHeader> outputClaimToHeaders,
            @Nullable Duration timeout,
            ImmutableList<String> spaceDelimitedClaims) {}

    /// A header with a token after a prefix.
    public record JwtHeader(@Required String name, String prefix) {}

    /// Copies a claim into a header.
    public record ClaimToHeader(
            @Required String header, @Required String claim) {}
}
