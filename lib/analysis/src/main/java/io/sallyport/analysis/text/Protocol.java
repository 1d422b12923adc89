package io.sallyport.analysis.text;

import java.util.Locale;
import java.util.Optional;

/// What a port speaks, as its `protocol` says in any case. `HTTPS` and `TLS` are the same to Istio: bytes with an SNI.
public enum Protocol {
    HTTP,
    HTTP2,
    GRPC,
    GRPC_WEB,
    HTTP_PROXY,
    HBONE,
    HTTPS,
    TLS,
    TCP,
    UDP,
    MONGO,
    REDIS,
    MYSQL;

    /// The words that people may write.
    public static final String EXPECTED = "HTTP, HTTP2, GRPC, GRPC-WEB, HTTPS, TLS, TCP, MONGO, REDIS or MYSQL";

    /// Misses for words that Istio does not know, and for the empty one.
    public static Optional<Protocol> of(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "http" -> Optional.of(HTTP);
            case "http2" -> Optional.of(HTTP2);
            case "grpc" -> Optional.of(GRPC);
            case "grpc-web" -> Optional.of(GRPC_WEB);
            case "http_proxy" -> Optional.of(HTTP_PROXY);
            case "hbone" -> Optional.of(HBONE);
            case "https" -> Optional.of(HTTPS);
            case "tls" -> Optional.of(TLS);
            case "tcp" -> Optional.of(TCP);
            case "udp" -> Optional.of(UDP);
            case "mongo" -> Optional.of(MONGO);
            case "redis" -> Optional.of(REDIS);
            case "mysql" -> Optional.of(MYSQL);
            default -> Optional.empty();
        };
    }

    /// Read as HTTP, in plain text.
    public boolean isHttp() {
        return switch (this) {
            case HTTP, HTTP2, GRPC, GRPC_WEB, HTTP_PROXY, HBONE -> true;
            case HTTPS, TLS, TCP, UDP, MONGO, REDIS, MYSQL -> false;
        };
    }

    public boolean isTls() {
        return this == HTTPS || this == TLS;
    }

    /// Carried as bytes: everything that is not HTTP in plain text.
    public boolean isTcp() {
        return switch (this) {
            case HTTPS, TLS, TCP, MONGO, REDIS, MYSQL -> true;
            case HTTP, HTTP2, GRPC, GRPC_WEB, HTTP_PROXY, HBONE, UDP -> false;
        };
    }
}
