package io.sallyport.config.api;

import io.sallyport.model.Finding;
import java.util.List;

/// A request that its caller has to change. Carries the findings, if it is resources that are wrong.
final class RefusedException extends Exception {

    private final transient List<Finding> findings;

    RefusedException(String message) {
        this(message, List.of());
    }

    RefusedException(String message, List<Finding> findings) {
        super(message);
        this.findings = List.copyOf(findings);
    }

    List<Finding> findings() {
        return findings;
    }
}
