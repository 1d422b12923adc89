package io.sallyport.translation.emit;

/// How a route table reaches Envoy: whole (RDS), or one scope per exact host (SRDS). `isScoped` is what the listener
/// reads; `hasScopes` and `hasWhole` are what is kept ready.
///
/// A table is replaced as a whole for each change, which costs Envoy 20 µs per host; scopes cost the same whatever
/// their number, so large tables go that way. When a table crosses the border its listener changes, and the
/// connections of the old one live on until they are drained; they go on asking the old way, so that stays.
record Delivery(boolean isScoped, boolean hasScopes, boolean hasWhole) {

    /// A table without scopes gets them from this many hosts.
    static final int SCOPED_FROM = 100;

    /// A table with scopes keeps reading them above this many hosts.
    static final int WHOLE_UP_TO = 60;

    /// A table that was whole stays ready as a whole up to this many hosts.
    private static final int BOTH_UP_TO = 300;

    /// Before the first host.
    static final Delivery NONE = new Delivery(false, false, false);

    /// What follows when the table has `hosts` hosts.
    Delivery next(int hosts) {
        var scoped = isScoped ? hosts > WHOLE_UP_TO : hosts >= SCOPED_FROM;
        return new Delivery(scoped, scoped || hasScopes, !scoped || (hasWhole && hosts <= BOTH_UP_TO));
    }
}
