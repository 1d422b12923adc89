package io.sallyport.runtime.identity;

import java.util.Optional;

/// Knows whose a token is. Several may stand in a row; each says whether a token is one of its kind.
public interface TokenCheck {

    /// Whose it is; empty: it is not of this kind, another may know.
    Optional<Identity> identify(String token) throws NotAcceptedException, Authorizer.UnavailableException;

    /// The token is of this kind and is not good. The reason is for the log; a caller that guesses is told
    /// nothing.
    final class NotAcceptedException extends Exception {

        private static final long serialVersionUID = 1L;

        public NotAcceptedException(String reason) {
            super(reason);
        }
    }
}
