package io.sallyport.testkit.net;

/// One request as a backend received it. `protocol` is `HTTP/1.1` or `HTTP/2`; `path` includes the query.
/// `tls` says what the connection was opened with.
public record Seen(String backend, String protocol, String method, String path, String host, Headers headers, Tls tls) {

    /// What the client of a connection with TLS asked for, and the common name that it showed; empty for nothing.
    public record Tls(String serverName, String client) {

        static final Tls NONE = new Tls("", "");
    }
}
