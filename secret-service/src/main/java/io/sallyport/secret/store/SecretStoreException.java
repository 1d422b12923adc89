package io.sallyport.secret.store;

/// The place where secrets are kept cannot be read or written: `secret store: cannot write istio-system/shop: disk
/// full`.
public final class SecretStoreException extends Exception {

    private static final long serialVersionUID = 1L;

    SecretStoreException(String message) {
        super(message);
    }

    SecretStoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
