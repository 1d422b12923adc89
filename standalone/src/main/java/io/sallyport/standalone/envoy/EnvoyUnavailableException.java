package io.sallyport.standalone.envoy;

/// There is no Envoy to run, or it does not answer. The message is one line for the user.
public final class EnvoyUnavailableException extends Exception {

    private static final long serialVersionUID = 1L;

    public EnvoyUnavailableException(String message) {
        super(message);
    }
}
