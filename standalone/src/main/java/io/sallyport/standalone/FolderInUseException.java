package io.sallyport.standalone;

/// Another `up` holds the data folder. The message is one line for the user.
public final class FolderInUseException extends Exception {

    private static final long serialVersionUID = 1L;

    public FolderInUseException(String message) {
        super(message);
    }
}
