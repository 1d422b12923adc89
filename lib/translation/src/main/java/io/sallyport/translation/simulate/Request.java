package io.sallyport.translation.simulate;

import com.google.common.collect.ImmutableList;
import java.util.List;

/// A request as a client would send it. `port` is the one that the proxy binds (8080 where port 80 is mapped to it);
/// `host` is the Host header or `:authority`, port included if the client sends one; `path` has its query.
/// `hello` is how its connection was opened.
public record Request(
        int port,
        Hello hello,
        String client,
        Protocol protocol,
        String method,
        String host,
        String path,
        List<HeaderLines.Line> headers) {

    /// What the client speaks.
    public enum Protocol {
        HTTP1("HTTP/1.1"),
        HTTP2("HTTP/2");

        private final String text;

        Protocol(String text) {
            this.text = text;
        }

        /// As Envoy prints it.
        public String text() {
            return text;
        }
    }

    public Request {
        headers = ImmutableList.copyOf(headers);
    }

    /// A request on a connection that names a server in its hello; a plain one for an empty name.
    public Request(
            int port,
            String serverName,
            String client,
            Protocol protocol,
            String method,
            String host,
            String path,
            List<HeaderLines.Line> headers) {
        this(port, Hello.of(serverName), client, protocol, method, host, path, headers);
    }

    /// A plain `GET` over HTTP/1.1 from an address of the documentation range.
    public static Request get(int port, String host, String path) {
        return new Request(port, "", "192.0.2.1", Protocol.HTTP1, "GET", host, path, List.of());
    }

    public Request withMethod(String newMethod) {
        return new Request(port, hello, client, protocol, newMethod, host, path, headers);
    }

    public Request withHost(String newHost) {
        return new Request(port, hello, client, protocol, method, newHost, path, headers);
    }

    public Request withHeader(String name, String value) {
        var more = ImmutableList.<HeaderLines.Line>builder()
                .addAll(headers)
                .add(new HeaderLines.Line(name, value))
                .build();
        return new Request(port, hello, client, protocol, method, host, path, more);
    }

    /// What the client names in its TLS hello, empty for nothing.
    public String serverName() {
        return hello.name();
    }

    /// `https` on a connection with TLS, else `http`.
    public String scheme() {
        return hello.isTls() ? "https" : "http";
    }
}
