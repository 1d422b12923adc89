package io.sallyport.testkit.net;

/// One request as a backend received it. `protocol` is `HTTP/1.1` or `HTTP/2`; `path` includes the query.
public record Seen(String backend, String protocol, String method, String path, String host, Headers headers) {}
