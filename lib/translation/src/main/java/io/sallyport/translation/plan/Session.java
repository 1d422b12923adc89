package io.sallyport.translation.plan;

/// Whether the proxy tells a client which endpoint it got, so that the client comes back to it.
public sealed interface Session {

    record None() implements Session {}

    /// `lifetime` of `Timeout.None` lasts as long as the browser does.
    record Cookie(String name, String path, Timeout lifetime) implements Session {}

    /// For clients that send back a response header as a request header.
    record Header(String name) implements Session {}
}
