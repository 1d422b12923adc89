package io.sallyport.runtime.http;

import com.google.common.collect.ImmutableSet;
import io.sallyport.runtime.Readiness;
import io.sallyport.runtime.Version;
import io.sallyport.runtime.metric.Metrics;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/// Answers what machines ask: is it alive, is it ready, how is it doing, which version is it.
final class ProbeServlet extends HttpServlet {

    static final ImmutableSet<String> PATHS = ImmutableSet.of("/healthz", "/readyz", "/metrics", "/version");

    private static final long serialVersionUID = 1L;

    private final transient Readiness readiness;
    private final transient Metrics metrics;

    ProbeServlet(Readiness readiness, Metrics metrics) {
        this.readiness = readiness;
        this.metrics = metrics;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        switch (request.getRequestURI()) {
            case "/healthz" -> text(response, 200, "ok\n");
            case "/readyz" -> ready(response);
            case "/metrics" -> {
                response.setContentType("text/plain; version=0.0.4; charset=utf-8");
                response.getWriter().write(metrics.scrape());
            }
            case "/version" -> {
                response.setContentType("application/json");
                response.getWriter().write("{\"version\":\"" + Version.current() + "\"}\n");
            }
            default -> text(response, 404, "not found (expected: one of " + PATHS + ")\n");
        }
    }

    private void ready(HttpServletResponse response) throws IOException {
        var missing = readiness.missing();
        if (missing.isEmpty()) {
            text(response, 200, "ready\n");
        } else {
            text(response, 503, String.join("\n", missing) + "\n");
        }
    }

    private static void text(HttpServletResponse response, int status, String body) throws IOException {
        response.setStatus(status);
        response.setContentType("text/plain; charset=utf-8");
        response.getWriter().write(body);
    }
}
