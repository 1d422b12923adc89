package io.sallyport.kubernetes.inject;

import java.util.List;

/// What becomes of a pod.
public sealed interface Outcome {

    /// It gets a client proxy. Additions are made in this order; remarks say what was asked for and has no effect.
    record Injected(List<Addition> additions, List<String> remarks) implements Outcome {
        public Injected {
            additions = List.copyOf(additions);
            remarks = List.copyOf(remarks);
        }
    }

    /// It stays as it is, since it says so itself, has a proxy already, or cannot have one: `it has the annotation
    /// sidecar.istio.io/inject: "false"`.
    record Left(String reason) implements Outcome {}

    /// A proxy was asked for, and would not work or could be gone round.
    record Refused(List<String> reasons) implements Outcome {
        public Refused {
            reasons = List.copyOf(reasons);
        }
    }
}
