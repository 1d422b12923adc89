package io.sallyport.translation.link;

import com.google.re2j.Pattern;
import io.sallyport.analysis.gatewayapi.Spelled;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.StringMatch;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.translation.plan.Action.Missing;
import io.sallyport.translation.plan.Action.PathChange;
import java.util.Optional;

/// By whose words the rules of a VirtualService go: Istio's own, or those of what it is spelled for. (Istio:
/// `UseGatewaySemantics` and `UseIngressSemantics` in `pilot/pkg/model/virtualservice.go`.)
enum Semantics {
    ISTIO,
    GATEWAY,
    INGRESS;

    static Semantics of(ConfigObject<?> object) {
        return switch (object.metadata().annotations().getOrDefault(Spelled.SEMANTICS, "")) {
            case Spelled.GATEWAY -> GATEWAY;
            case Spelled.INGRESS -> INGRESS;
            default -> ISTIO;
        };
    }

    /// Whether `/foo` is no prefix of `/foobar`.
    boolean goesBySegments() {
        return this != ISTIO;
    }

    /// What is answered where nothing is behind a destination.
    Missing missing() {
        return this == GATEWAY ? Missing.BROKEN : Missing.UNAVAILABLE;
    }

    /// What becomes of a path of which a prefix is replaced. By segments, there is one slash between what is
    /// put in and what is left: `/foo` by `/` makes `/foo/bar` to `/bar`.
    PathChange replaced(String replacement, Optional<HttpMatchRequest> match) {
        var uri = match.map(HttpMatchRequest::uri);
        if (!goesBySegments()) {
            return new PathChange.Matched(replacement);
        }
        var prefix = uri.map(StringMatch::prefix).orElse("/");
        var bare = MatchLinker.bare(prefix);
        if (bare.isEmpty()) {
            return new PathChange.Pattern("^/", literal(replacement.endsWith("/") ? replacement : replacement + "/"));
        }
        return replacement.endsWith("/")
                ? new PathChange.Pattern("^" + Pattern.quote(bare) + "/?", literal(replacement))
                : new PathChange.Matched(replacement);
    }

    // A backslash in a substitution begins a reference to a group.
    private static String literal(String replacement) {
        return replacement.replace("\\", "\\\\");
    }
}
