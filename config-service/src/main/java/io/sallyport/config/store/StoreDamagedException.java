package io.sallyport.config.store;

/// What the store holds is not what was written: `r5 VirtualService shop/cart: checksum differs`.
public final class StoreDamagedException extends Exception {

    StoreDamagedException(String message) {
        super(message);
    }
}
