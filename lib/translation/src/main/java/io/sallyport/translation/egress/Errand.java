package io.sallyport.translation.egress;

/// What a client wants: to speak a protocol with a port of a host, which may be an address. `a.test.` is `a.test`:
/// clients leave the dot out of their hello, and client proxies take it from requests.
public record Errand(String host, int port, Protocol protocol) {

    private static final int PORTS = 65_535;

    /// What the client speaks, as far as a proxy can tell.
    public enum Protocol {
        HTTP,
        /// TLS of the client's own, with the host in its hello; HTTPS is this.
        TLS,
        /// Bytes.
        TCP
    }

    public Errand {
        if (host.isEmpty()) {
            throw new IllegalArgumentException("host: \"\" (expected: a name or an address)");
        }
        host = host.length() > 1 && host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        if (port < 1 || port > PORTS) {
            throw new IllegalArgumentException("port: " + port + " (expected: 1 to 65535)");
        }
    }

    /// The host as a URL has it: an address of IPv6 in brackets.
    String authority() {
        return host.contains(":") ? "[" + host + "]" : host;
    }

    @Override
    public String toString() {
        return authority() + ":" + port;
    }
}
