package io.sallyport.config.store;

import java.util.Optional;

/// The answer to a request, and the revision that has to be stored before it may be given. Nothing has changed yet.
record Decision(Optional<Revision> revision, Outcome outcome) {

    static Decision answer(Outcome outcome) {
        return new Decision(Optional.empty(), outcome);
    }
}
