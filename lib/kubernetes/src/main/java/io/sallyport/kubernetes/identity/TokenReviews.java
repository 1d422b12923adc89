package io.sallyport.kubernetes.identity;

import com.google.common.hash.HashCode;
import com.google.common.hash.Hashing;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.sallyport.runtime.identity.Authorizer.UnavailableException;
import io.sallyport.runtime.identity.Identity;
import io.sallyport.runtime.identity.TokenCheck;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Tokens that the API server knows: of service accounts, above all those that are projected into pods for our
/// audience, and of users. A token for another audience is not taken, and an API server that does not say for
/// which audience it judged is not believed. Answers are kept for ten seconds, by the token's hash. Source:
/// Kubernetes, `TokenReview`.
public final class TokenReviews implements TokenCheck {

    private static final Duration KEPT = Duration.ofSeconds(10);
    private static final int MOST = 10_000;
    private static final String POD = "authentication.kubernetes.io/pod-name";

    private sealed interface Answer {
        record Known(Identity identity) implements Answer {}

        record Refused(String reason) implements Answer {}
    }

    private final KubernetesClient client;
    private final String audience;
    private final Asking<HashCode, Answer> asking;

    /// `audience` is what tokens must be meant for.
    public TokenReviews(KubernetesClient client, String audience) {
        this(client, audience, KEPT);
    }

    TokenReviews(KubernetesClient client, String audience, Duration kept) {
        this.client = client;
        this.audience = audience;
        this.asking = new Asking<>(MOST, kept);
    }

    @Override
    public Optional<Identity> identify(String token) throws NotAcceptedException, UnavailableException {
        if (token.isBlank()) {
            return Optional.empty();
        }
        var answer = asking.answer(Hashing.sha256().hashString(token, StandardCharsets.UTF_8), () -> review(token));
        return switch (answer) {
            case Answer.Known(var identity) -> Optional.of(identity);
            case Answer.Refused(var reason) -> throw new NotAcceptedException(reason);
        };
    }

    private Answer review(String token) {
        var review = client.resource(new TokenReviewBuilder()
                        .withNewSpec()
                        .withToken(token)
                        .withAudiences(audience)
                        .endSpec()
                        .build())
                .create();
        var status = review.getStatus();
        if (status == null || !Boolean.TRUE.equals(status.getAuthenticated())) {
            return new Answer.Refused("the Kubernetes API server does not know the token");
        }
        if (status.getAudiences() == null || !status.getAudiences().contains(audience)) {
            return new Answer.Refused(
                    "the token is for " + status.getAudiences() + " (expected: \"" + audience + "\")");
        }
        return identity(status);
    }

    private static Answer identity(TokenReviewStatus status) {
        var user = status.getUser();
        if (user == null || user.getUsername() == null || user.getUsername().isBlank()) {
            return new Answer.Refused("the Kubernetes API server names nobody");
        }
        var extra = user.getExtra() == null ? Map.<String, List<String>>of() : user.getExtra();
        var pods = extra.getOrDefault(POD, List.of());
        Optional<String> pod = pods.size() == 1 ? Optional.of(pods.getFirst()) : Optional.empty();
        Optional<Identity> workload =
                Identity.Workload.ofUser(user.getUsername(), pod).map(found -> found);
        return new Answer.Known(workload.orElseGet(
                () -> Identity.User.of(user.getUsername(), user.getGroups() == null ? List.of() : user.getGroups())));
    }
}
