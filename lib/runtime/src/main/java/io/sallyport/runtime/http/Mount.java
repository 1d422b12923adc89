package io.sallyport.runtime.http;

import jakarta.servlet.http.HttpServlet;

/// A service's own part of the HTTP server.
///
/// @param path below which it answers: `/accesslog/v1`
/// @param knowsCallers whether it asks for tokens of its own; if not, the server's token opens it
public record Mount(String path, HttpServlet servlet, boolean knowsCallers) {

    public Mount {
        if (!path.startsWith("/") || path.endsWith("/")) {
            throw new IllegalArgumentException("path \"" + path + "\" (expected: like /accesslog/v1)");
        }
    }
}
