package io.sallyport.analysis.world;

import io.sallyport.model.Service;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What is spoken on a port, as far as it decides anything. (Istio: `pkg/config/protocol/instance.go`.)
public enum AppProtocol {
    HTTP,
    HTTP2,
    GRPC,
    GRPC_WEB,
    HTTPS,
    TLS,
    TCP,
    MONGO,
    MYSQL,
    REDIS,
    UDP,
    HBONE,
    /// Not said, or unknown.
    UNSUPPORTED;

    /// Reads the word of a Gateway or ServiceEntry; its case does not count.
    public static AppProtocol parse(String word) {
        return switch (word.toLowerCase(Locale.ROOT)) {
            case "http", "http_proxy" -> HTTP;
            case "http2" -> HTTP2;
            case "grpc" -> GRPC;
            case "grpc-web" -> GRPC_WEB;
            case "https" -> HTTPS;
            case "tls" -> TLS;
            case "tcp" -> TCP;
            case "mongo" -> MONGO;
            case "mysql" -> MYSQL;
            case "redis" -> REDIS;
            case "udp" -> UDP;
            case "hbone" -> HBONE;
            default -> UNSUPPORTED;
        };
    }

    /// Reads a port of a Kubernetes Service: `appProtocol` if given, else the name up to its first `-`.
    public static AppProtocol ofServicePort(Service.@Nullable Protocol transport, String app, String name) {
        if (transport == Service.Protocol.UDP) {
            return UDP;
        }
        if (!app.isEmpty()) {
            return switch (app.toLowerCase(Locale.ROOT)) {
                case "kubernetes.io/h2c" -> HTTP2;
                case "kubernetes.io/ws" -> HTTP;
                case "kubernetes.io/wss" -> HTTPS;
                default -> parse(app);
            };
        }
        var lower = name.toLowerCase(Locale.ROOT);
        if (lower.equals("grpc-web") || lower.startsWith("grpc-web-")) {
            return GRPC_WEB;
        }
        int dash = lower.indexOf('-');
        return parse(dash < 0 ? lower : lower.substring(0, dash));
    }

    /// Whether requests are read: HTTP, HTTP2, GRPC and GRPC-WEB; HTTPS is opaque.
    public boolean isHttp() {
        return this == HTTP || this == HTTP2 || this == GRPC || this == GRPC_WEB;
    }

    /// Whether HTTP/2 is spoken without being asked.
    public boolean isHttp2() {
        return this == HTTP2 || this == GRPC || this == GRPC_WEB;
    }

    /// Whether bytes are encrypted: HTTPS and TLS are one.
    public boolean isTls() {
        return this == HTTPS || this == TLS;
    }
}
