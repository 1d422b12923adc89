package io.sallyport.accesslog.web;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import io.sallyport.runtime.BearerToken;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Lets browsers in. A browser sends no bearer token by itself, so a person shows theirs once, or opens a
/// link that works once; from then on a cookie stands for the token, which stays in this process.
///
/// The cookie is out of reach of scripts and of other sites (`HttpOnly`, `SameSite=Strict`), and named after the port,
/// because browsers send the cookies of one machine to all its ports.
public final class PageDoor {

    private static final int BYTES = 16;
    private static final int MAX_SESSIONS = 1_000;
    private static final int MAX_KEYS = 100;
    private static final Duration LIFE = Duration.ofHours(12);

    private final List<BearerToken> tokens;
    private final RandomGenerator random;

    private final Cache<String, BearerToken> sessions = CacheBuilder.newBuilder()
            .maximumSize(MAX_SESSIONS)
            .expireAfterAccess(LIFE)
            .build();

    private final Cache<String, BearerToken> keys = CacheBuilder.newBuilder()
            .maximumSize(MAX_KEYS)
            .expireAfterWrite(LIFE)
            .build();

    /// @param tokens of all who may come in
    /// @param random must not be guessable
    public PageDoor(List<BearerToken> tokens, RandomGenerator random) {
        this.tokens = List.copyOf(tokens);
        this.random = random;
    }

    /// An address that lets one browser in as the bearer of a token: `/logs?key=…`. It works once, within twelve hours.
    public String link(BearerToken token) {
        var key = draw();
        keys.put(key, token);
        return LogPage.PATH + "?key=" + key;
    }

    /// The one of our tokens that a header carries.
    Optional<BearerToken> known(String authorization) {
        // Every token is compared, so that the time tells nothing about which one was nearly right.
        Optional<BearerToken> found = Optional.empty();
        for (var token : tokens) {
            if (token.matchesHeader(authorization)) {
                found = Optional.of(token);
            }
        }
        return found;
    }

    /// Lets the bearer of a key in, once.
    boolean redeem(String key, HttpServletRequest request, HttpServletResponse response) {
        var token = Optional.ofNullable(keys.asMap().remove(key));
        token.ifPresent(known -> open(known, request, response));
        return token.isPresent();
    }

    /// Lets the bearer of a token in.
    boolean signIn(String token, HttpServletRequest request, HttpServletResponse response) {
        var found = known("Bearer " + token.strip());
        found.ifPresent(known -> open(known, request, response));
        return found.isPresent();
    }

    private void open(BearerToken token, HttpServletRequest request, HttpServletResponse response) {
        var session = draw();
        sessions.put(session, token);
        response.addCookie(cookie(request, session));
    }

    /// Forgets who sits there.
    void signOut(HttpServletRequest request, HttpServletResponse response) {
        session(request).ifPresent(sessions::invalidate);
        var cookie = cookie(request, "");
        cookie.setMaxAge(0);
        response.addCookie(cookie);
    }

    /// The token of whoever sits there.
    Optional<BearerToken> bearer(HttpServletRequest request) {
        return session(request).map(sessions::getIfPresent);
    }

    private static Optional<String> session(HttpServletRequest request) {
        var name = name(request);
        for (var cookie : Optional.ofNullable(request.getCookies()).orElse(new Cookie[0])) {
            if (cookie.getName().equals(name)) {
                return Optional.of(cookie.getValue());
            }
        }
        return Optional.empty();
    }

    private static Cookie cookie(HttpServletRequest request, String value) {
        var cookie = new Cookie(name(request), value);
        cookie.setPath(LogPage.PATH);
        cookie.setHttpOnly(true);
        cookie.setAttribute("SameSite", "Strict");
        return cookie;
    }

    private static String name(HttpServletRequest request) {
        return "sallyport-" + request.getLocalPort();
    }

    private String draw() {
        var bytes = new byte[BYTES];
        synchronized (random) {
            random.nextBytes(bytes);
        }
        return HexFormat.of().formatHex(bytes);
    }
}
