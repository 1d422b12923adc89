package io.sallyport.kubernetes.identity;

import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.sallyport.runtime.identity.Access;
import io.sallyport.runtime.identity.Authorizer;
import io.sallyport.runtime.identity.Identity;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/// Rights as the cluster's own roles give them: `create virtualservices.networking.istio.io` in `shop` is what
/// a user may do here who may do it with `kubectl`. What only Sallyport has is asked for in the group
/// `sallyport.io`, which roles may name though the API server serves nothing of it. Answers are kept for ten
/// seconds. Source: Kubernetes, `SubjectAccessReview`.
public final class AccessReviews implements Authorizer {

    private static final Duration KEPT = Duration.ofSeconds(10);
    private static final int MOST = 100_000;
    private static final int MOST_NAMESPACES = 1_000;

    private record Question(Identity who, Access what) {}

    private final KubernetesClient client;
    private final Asking<Question, Boolean> asking;
    private final Asking<String, List<String>> listing;

    public AccessReviews(KubernetesClient client) {
        this(client, KEPT);
    }

    AccessReviews(KubernetesClient client, Duration kept) {
        this.client = client;
        this.asking = new Asking<>(MOST, kept);
        this.listing = new Asking<>(1, kept);
    }

    @Override
    public boolean may(Identity who, Access what) throws UnavailableException {
        return switch (who) {
            case Identity.User user -> asked(who, user.name(), with(user.groups(), "system:authenticated"), what);
            case Identity.Workload workload ->
                asked(
                        new Identity.Workload(workload.namespace(), workload.serviceAccount(), Optional.empty()),
                        workload.user(),
                        List.of(
                                "system:serviceaccounts",
                                "system:serviceaccounts:" + workload.namespace(),
                                "system:authenticated"),
                        what);
            case Identity.Service _, Identity.Local _ -> false;
        };
    }

    private static List<String> with(SortedSet<String> groups, String one) {
        var all = new TreeSet<>(groups);
        all.add(one);
        return List.copyOf(all);
    }

    private boolean asked(Identity who, String user, List<String> groups, Access what) throws UnavailableException {
        return asking.answer(new Question(who, what), () -> {
            var review = client.resource(new SubjectAccessReviewBuilder()
                            .withNewSpec()
                            .withUser(user)
                            .withGroups(groups)
                            .withNewResourceAttributes()
                            .withVerb(what.verb().word())
                            .withGroup(what.group())
                            .withResource(what.resource())
                            .withNamespace(what.namespace())
                            .endResourceAttributes()
                            .endSpec()
                            .build())
                    .create();
            var status = review.getStatus();
            return status != null
                    && Boolean.TRUE.equals(status.getAllowed())
                    && !Boolean.TRUE.equals(status.getDenied());
        });
    }

    @Override
    public Optional<SortedSet<String>> namespaces(Identity who, Access what) throws UnavailableException {
        if (may(who, what.in(""))) {
            return Optional.empty();
        }
        var namespaces = listing.answer(
                "",
                () -> client.namespaces().list().getItems().stream()
                        .map(namespace -> namespace.getMetadata().getName())
                        .toList());
        if (namespaces.size() > MOST_NAMESPACES) {
            throw new UnavailableException("the cluster has " + namespaces.size() + " namespaces (expected: at most "
                    + MOST_NAMESPACES + ", or a right in all of them)");
        }
        var allowed = new TreeSet<String>();
        for (var namespace : namespaces) {
            if (may(who, what.in(namespace))) {
                allowed.add(namespace);
            }
        }
        return Optional.of(allowed);
    }
}
