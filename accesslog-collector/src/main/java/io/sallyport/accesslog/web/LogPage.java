package io.sallyport.accesslog.web;

import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sallyport.accesslog.http.EventStream;
import io.sallyport.accesslog.web.PageState.MistakeException;
import io.sallyport.proto.accesslog.v1.Row;
import io.sallyport.proto.accesslog.v1.TailRequest;
import io.sallyport.proto.accesslog.v1.TailResponse;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.http.BodyRoom;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// The page at `/logs`. Each address is a whole page, so that it can be shared, printed and gone back to;
/// scripts replace parts of it, follow rows and draw. Whoever has no session is asked for a token.
public final class LogPage extends HttpServlet {

    /// Where it answers.
    public static final String PATH = "/logs";

    private static final long serialVersionUID = 1L;
    // No inline script or style, nothing from elsewhere, no frame around it, no form to elsewhere.
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                    + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    private static final String ANSWER = "answer";
    private static final int MAX_TOKEN = 1_024;

    private final transient Channel service;
    private final transient PageDoor door;
    private final transient InstantSource clock;
    private final transient Templates templates = new Templates();
    private final transient Assets assets = new Assets();
    private final transient Pages pages;
    private final transient BodyRoom bodies = new BodyRoom();

    /// @param command a request to try, for whoever has no rows yet: `curl http://localhost:8080/`; empty: unknown
    public LogPage(Channel service, PageDoor door, InstantSource clock, Supplier<String> command) {
        this.service = service;
        this.door = door;
        this.clock = clock;
        this.pages = new Pages(assets.paths(), command);
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        guard(response);
        var path = request.getPathInfo() == null ? "" : request.getPathInfo();
        if (path.startsWith("/assets/")) {
            if (!assets.send(PATH + path, response)) {
                response.setStatus(404);
            }
            return;
        }
        var key = request.getParameter("key");
        if (key != null) {
            // A key in an address ends in histories: it is worth nothing after this, and not kept in it.
            var isNew = door.redeem(key, request, response);
            if (isNew || door.bearer(request).isPresent()) {
                redirect(response, asked(request));
            } else {
                signIn(response, asked(request), "This link has been used, or is too old.");
            }
            return;
        }
        var bearer = door.bearer(request);
        if (path.equals("/session")) {
            response.setStatus(bearer.isPresent() ? 204 : 401);
        } else if (bearer.isEmpty()) {
            signIn(response, asked(request), "");
        } else {
            show(path, bearer.get(), request, response);
        }
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        guard(response);
        var path = request.getPathInfo() == null ? "" : request.getPathInfo();
        switch (path) {
            case "/sign-in" -> {
                var form = bodies.read(request::getParameterMap);
                if (form.isEmpty()) {
                    signIn(response, PageState.of(Map.of()), "Too many sign in at once. Try again.");
                    return;
                }
                var token = request.getParameter("token");
                if (token != null && token.length() <= MAX_TOKEN && door.signIn(token, request, response)) {
                    redirect(response, asked(request));
                } else {
                    signIn(response, asked(request), "Nobody has this token.");
                }
            }
            case "/sign-out" -> {
                door.signOut(request, response);
                redirect(response, PageState.of(Map.of()));
            }
            case "/link" -> link(request, response);
            default -> response.setStatus(404);
        }
    }

    // For whoever has a token and no browser: the command line prints it.
    private void link(HttpServletRequest request, HttpServletResponse response) throws IOException {
        var header = request.getHeader("Authorization");
        var bearer = header == null ? Optional.<BearerToken>empty() : door.known(header);
        response.setContentType("text/plain; charset=utf-8");
        if (bearer.isEmpty()) {
            response.setStatus(401);
            response.getOutputStream().print("token missing or wrong (expected: authorization: Bearer <token>)\n");
        } else {
            response.getOutputStream().print(door.link(bearer.get()) + "\n");
        }
    }

    private void show(String path, BearerToken bearer, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        var state = asked(request);
        var asker = new Asker(service, bearer);
        try {
            switch (path) {
                case "", "/" -> page(asker, state, request, response);
                case "/facets" ->
                    html(
                            response,
                            200,
                            templates.render("facets", Facets.ask(asker, state, state.scope(clock.instant()))));
                case "/tail" -> tail(asker, state, response);
                default -> html(response, 404, templates.render("missing", Map.of("home", PATH)));
            }
        } catch (StatusRuntimeException e) {
            refuse(e.getStatus(), state, response);
        } catch (MistakeException e) {
            html(response, 400, "");
        }
    }

    private void page(Asker asker, PageState state, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        var isPart = ANSWER.equals(request.getHeader("HX-Target"));
        var made = pages.page(asker, state, clock.instant(), isPart);
        if (request.getHeader("HX-Request") != null) {
            // Forms send their empty fields too; the address is the short one.
            response.setHeader("HX-Push-Url", state.link());
        }
        html(response, made.status(), templates.render(isPart ? "answer" : "page", made.model()));
    }

    private void tail(Asker asker, PageState state, HttpServletResponse response) throws IOException {
        var question = TailRequest.newBuilder().setFilter(state.filter()).build();
        EventStream.tail(asker.channel(), rows -> events(state, rows)).send(question, response);
    }

    private String events(PageState state, TailResponse rows) {
        var text = new StringBuilder();
        if (rows.getRowsCount() == 0 && rows.getSkipped() == 0) {
            return "event: open-rows\ndata: now\n\n";
        }
        for (Row row : rows.getRowsList()) {
            text.append("event: row\n");
            var html = templates.render("row", RowTable.line(state, row, Optional.empty()));
            // A value may have line breaks of every kind, and an event has none but ours.
            html.lines().forEach(line -> text.append("data: ").append(line).append('\n'));
            text.append('\n');
        }
        if (rows.getSkipped() > 0) {
            text.append("event: skipped\ndata: ").append(rows.getSkipped()).append("\n\n");
        }
        return text.toString();
    }

    private void refuse(Status status, PageState state, HttpServletResponse response) throws IOException {
        if (response.isCommitted()) {
            throw new IOException("answer ended early: " + status.getDescription());
        }
        if (status.getCode() == Status.Code.UNAUTHENTICATED) {
            signIn(response, state, "Your token does not count any more.");
        } else {
            html(response, 200, templates.render("refusal", Map.of("text", String.valueOf(status.getDescription()))));
        }
    }

    private static PageState asked(HttpServletRequest request) {
        return PageState.of(request.getParameterMap());
    }

    // Whoever opens an address that somebody shared comes to what it shows, by way of this.
    private void signIn(HttpServletResponse response, PageState state, String mistake) throws IOException {
        var model = Map.of("assets", assets.paths(), "mistake", mistake, "home", PATH, "signIn", state.link("sign-in"));
        html(response, 401, templates.render("sign-in", model));
    }

    private static void redirect(HttpServletResponse response, PageState state) {
        response.setStatus(303);
        response.setHeader("Location", state.link());
    }

    private static void guard(HttpServletResponse response) {
        response.setHeader("Content-Security-Policy", POLICY);
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Referrer-Policy", "same-origin");
        response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
        response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
        response.setHeader("Cache-Control", "no-store");
    }

    private static void html(HttpServletResponse response, int status, String text) throws IOException {
        response.setStatus(status);
        response.setContentType("text/html; charset=utf-8");
        response.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }
}
