package io.sallyport.config.store;

/// Closing it ends the calls.
public interface Subscription extends AutoCloseable {

    @Override
    void close();
}
