package io.sallyport.secret.material;

/// Carries a reason out of the parsers of this package; never leaves it.
final class UnusableException extends Exception {

    private static final long serialVersionUID = 1L;

    UnusableException(String reason) {
        super(reason);
    }
}
