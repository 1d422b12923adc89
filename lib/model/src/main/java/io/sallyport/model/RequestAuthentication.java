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
            @NotEmpty String issuer,
            @NotEmpty ImmutableList<String> audiences,
            @NotEmpty String jwksUri,
            String jwks,
            ImmutableList<JwtHeader> fromHeaders,
            @NotEmpty ImmutableList<String> fromParams,
            @NotEmpty ImmutableList<String> fromCookies,
            String outputPayloadToHeader,
            boolean forwardOriginalToken,
            ImmutableList<ClaimToHeader> outputClaimToHeaders,
            @Nullable Duration timeout,
            @NotEmpty ImmutableList<String> spaceDelimitedClaims,
            Presence presence) {}

    /// Whether a request must carry a token of the issuer. Absent means `OPTIONAL`.
    public enum Presence {
        OPTIONAL,
        REQUIRED
    }

    /// A header with a token after a prefix.
    public record JwtHeader(@Required @NotEmpty String name, String prefix) {}

    /// Copies a claim into a header.
    public record ClaimToHeader(
            @Required @NotEmpty String header,
            @Required @NotEmpty String claim) {}
}
