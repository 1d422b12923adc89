package io.sallyport.runtime;

/// A settings file cannot be used. The message is one line with file, line and what was expected.
public final class SettingsException extends Exception {

    private static final long serialVersionUID = 1L;

    public SettingsException(String message) {
        super(message);
    }
}
