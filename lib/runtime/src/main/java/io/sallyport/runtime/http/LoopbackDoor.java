package io.sallyport.runtime.http;

import com.google.common.collect.ImmutableSet;
import com.google.common.net.HostAndPort;
import io.sallyport.runtime.BearerToken;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Turns away what a web page can make a browser on this machine send.
///
/// A request must name this machine in `Host` (a page that rebinds its own name to 127.0.0.1 cannot), and come from no
/// other origin. No answer carries a CORS header. What tells or changes more than health needs the token.
final class LoopbackDoor extends HttpFilter {

    private static final long serialVersionUID = 1L;
    private static final ImmutableSet<String> HOSTS = ImmutableSet.of("localhost", "127.0.0.1", "::1", "[::1]");

    private final transient BearerToken token;
    private final transient List<Mount> mounts;

    LoopbackDoor(BearerToken token, List<Mount> mounts) {
        this.token = token;
        this.mounts = List.copyOf(mounts);
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Content-Security-Policy", "default-src 'self'");
        response.setHeader("Cache-Control", "no-store");
        if (!isLoopbackHost(request.getHeader("Host"))) {
            refuse(
                    response,
                    403,
                    "PERMISSION_DENIED",
                    "Host is not this machine (expected: localhost, 127.0.0.1 or [::1])");
        } else if (!isOwnOrigin(request.getHeader("Origin"), request)) {
            refuse(
                    response,
                    403,
                    "PERMISSION_DENIED",
                    "Origin is another site (expected: http://localhost:" + request.getLocalPort() + ", or none)");
        } else if (!isOpen(request) && !knowsCallers(request) && !carriesToken(request)) {
            response.setHeader("WWW-Authenticate", "Bearer");
            refuse(
                    response,
                    401,
                    "UNAUTHENTICATED",
                    "token missing or wrong (expected: authorization: Bearer <content of DATA/token>)");
        } else {
            chain.doFilter(request, response);
        }
    }

    private static boolean isLoopbackHost(@Nullable String host) {
        if (host == null) {
            return false;
        }
        try {
            return HOSTS.contains(HostAndPort.fromString(host).getHost());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isOwnOrigin(@Nullable String origin, HttpServletRequest request) {
        if (origin == null) {
            return true;
        }
        try {
            var uri = new URI(origin);
            return "http".equals(uri.getScheme())
                    && uri.getHost() != null
                    && HOSTS.contains(uri.getHost())
                    && uri.getPort() == request.getLocalPort();
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static boolean isOpen(HttpServletRequest request) {
        var reads = request.getMethod().equals("GET") || request.getMethod().equals("HEAD");
        return reads && ProbeServlet.PATHS.contains(request.getRequestURI());
    }

    // By the servlet that will answer, not by the text of the address: `/part/../other` is not the part's.
    private boolean knowsCallers(HttpServletRequest request) {
        var servlet = request.getServletPath();
        return mounts.stream()
                .anyMatch(mount -> mount.knowsCallers() && mount.path().equals(servlet));
    }

    private boolean carriesToken(HttpServletRequest request) {
        var header = request.getHeader("Authorization");
        return header != null && token.matchesHeader(header);
    }

    // As the services behind it say what is wrong.
    private static void refuse(HttpServletResponse response, int status, String code, String why) throws IOException {
        response.setStatus(status);
        response.setContentType("application/json");
        response.getOutputStream().print("{\"code\":\"" + code + "\",\"message\":\"" + why + "\"}\n");
    }
}
