package io.sallyport.translation.egress;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Optional;

/// What becomes of an [Errand].
public sealed interface Verdict {

    /// Who says so.
    Reason reason();

    /// It leaves from the client's proxy. `byDefault`: nobody names it, and what nobody names is let out; `host` is
    /// where it ends, empty where the client said so itself. `nearest` says what would have led through a gateway.
    record Direct(Reason reason, boolean byDefault, String host, List<Reason> nearest) implements Verdict {
        public Direct {
            nearest = ImmutableList.copyOf(nearest);
        }
    }

    /// It leaves from a gateway, `istio-system/istio-egressgateway`, which goes by `onward`.
    record ThroughGateway(String gateway, Reason reason, Reason onward) implements Verdict {}

    /// It does not leave. `gateway` is the one that stopped it, if the client's own proxy did not.
    record Blocked(Symptom symptom, Optional<String> gateway, Reason reason, List<Reason> nearest) implements Verdict {
        public Blocked {
            nearest = ImmutableList.copyOf(nearest);
        }
    }
}
