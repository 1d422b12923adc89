package io.sallyport.translation;

import com.google.common.collect.ImmutableList;
import io.sallyport.model.Origin;
import java.util.List;

/// A part of the configuration that is not served as written, since Envoy would refuse it: `site shop.test of
/// http.8080` is withheld, its last good version stays (or it is closed), and nothing else is touched.
/// It never happens for a configuration that passed every check; when it does, the fault is ours.
public record Withheld(String what, List<Origin> origins, String reason) {

    public Withheld {
        origins = ImmutableList.copyOf(origins);
    }

    @Override
    public String toString() {
        return what + " is withheld: " + reason;
    }
}
