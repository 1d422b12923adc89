package io.sallyport.accesslog.query;

/// A question that cannot be asked. The message names the part and what was expected.
public final class QueryException extends Exception {

    private static final long serialVersionUID = 1L;

    public QueryException(String message) {
        super(message);
    }
}
