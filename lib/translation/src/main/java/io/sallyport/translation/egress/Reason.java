package io.sallyport.translation.egress;

import io.sallyport.model.Origin;
import java.util.Optional;

/// Who says so, in words, and where it is written. No origin: nobody wrote it, it is a default.
public record Reason(String text, Optional<Origin> origin) {

    static Reason of(String text, Origin origin) {
        return new Reason(text, Optional.of(origin));
    }
}
