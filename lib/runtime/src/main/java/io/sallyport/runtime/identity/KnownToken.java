package io.sallyport.runtime.identity;

import io.sallyport.runtime.BearerToken;
import java.util.Optional;

/// A token from a file, and who has it.
public record KnownToken(BearerToken token, Identity owner) implements TokenCheck {

    @Override
    public Optional<Identity> identify(String shown) {
        return token.matchesHeader("Bearer " + shown) ? Optional.of(owner) : Optional.empty();
    }
}
