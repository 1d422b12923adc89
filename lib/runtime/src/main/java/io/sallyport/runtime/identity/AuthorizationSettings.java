package io.sallyport.runtime.identity;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The setting `authorization`: who may do what. Either Kubernetes says so, or rules do.
///
/// @param kubernetes `true`: every question is one of SubjectAccessReview
public record AuthorizationSettings(
        @Nullable Boolean kubernetes, @Nullable List<Rules.Rule> rules) {

    public AuthorizationSettings {
        if (Boolean.TRUE.equals(kubernetes) == (rules != null)) {
            throw new IllegalArgumentException("authorization (expected: either kubernetes: true, or rules)");
        }
    }
}
