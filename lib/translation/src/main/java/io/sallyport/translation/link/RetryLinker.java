package io.sallyport.translation.link;

import io.sallyport.model.VirtualService.HttpRetry;
import io.sallyport.translation.plan.Retry;
import io.sallyport.translation.plan.Retry.Backoff;
import io.sallyport.translation.plan.Timeout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Says when a request is sent again. Without a word from the user it is: twice, when the request cannot have had an
/// effect. (Istio: `pilot/pkg/networking/core/route/retry/retry.go`.)
final class RetryLinker {

    private static final int ATTEMPTS = 2;
    private static final String BY_STATUS = "retriable-status-codes";
    private static final List<String> CONDITIONS =
            List.of("connect-failure", "refused-stream", "unavailable", "cancelled", BY_STATUS);

    private RetryLinker() {}

    /// `policy` is the rule's, else the mesh's. A request that is tied to an endpoint by hash stays with it.
    static Retry link(Optional<HttpRetry> policy, boolean isSticky) {
        if (policy.isEmpty()) {
            return new Retry.On(
                    ATTEMPTS, CONDITIONS, List.of(), Timeout.none(), !isSticky, false, new Backoff.Standard());
        }
        var wanted = policy.get();
        if (wanted.attempts() <= 0) {
            return new Retry.None();
        }
        var conditions = new ArrayList<>(CONDITIONS);
        var statuses = new ArrayList<Integer>();
        if (!wanted.retryOn().isEmpty()) {
            conditions.clear();
            read(wanted.retryOn(), conditions, statuses);
        }
        return new Retry.On(
                wanted.attempts(),
                conditions,
                statuses,
                Timeouts.of(wanted.perTryTimeout()),
                Optional.ofNullable(wanted.retryIgnorePreviousHosts()).orElse(!isSticky),
                Boolean.TRUE.equals(wanted.retryRemoteLocalities()),
                Optional.ofNullable(wanted.backoff())
                        .<Backoff>map(Backoff.From::new)
                        .orElse(new Backoff.Standard()));
    }

    // Numbers that are HTTP statuses are statuses; anything else is a word.
    private static void read(String retryOn, List<String> conditions, List<Integer> statuses) {
        for (var part : retryOn.split(",", -1)) {
            var word = part.strip();
            if (word.matches("[1-5][0-9]{2}")) {
                statuses.add(Integer.valueOf(word));
            } else if (!word.isEmpty()) {
                conditions.add(word);
            }
        }
        if (!statuses.isEmpty() && !conditions.contains(BY_STATUS)) {
            conditions.add(BY_STATUS);
        }
    }
}
