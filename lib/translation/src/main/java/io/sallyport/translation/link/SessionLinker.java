package io.sallyport.translation.link;

import com.google.re2j.Pattern;
import io.sallyport.model.Value;
import io.sallyport.translation.plan.Session;
import io.sallyport.translation.plan.Timeout;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Reads `sessionPersistence`, whose form is that of the Gateway API's HTTPRoute (GEP-1619): `type` `Cookie` or
/// `Header`, `sessionName`, and for a cookie that outlives the browser
/// `cookieConfig: {lifetimeType: Permanent}` with `absoluteTimeout`.
final class SessionLinker {

    private static final String NAME = "sallyport-session";
    private static final Pattern DURATION = Pattern.compile("(?:(\\d+)h)?(?:(\\d+)m)?(?:(\\d+)s)?(?:(\\d+)ms)?");

    private SessionLinker() {}

    static Session link(Value.@Nullable Struct wanted) {
        if (wanted == null) {
            return new Session.None();
        }
        var name = text(wanted, "sessionName").orElse(NAME);
        if (text(wanted, "type").filter("Header"::equals).isPresent()) {
            return new Session.Header(name);
        }
        boolean isPermanent = wanted.fields().get("cookieConfig") instanceof Value.Struct cookie
                && text(cookie, "lifetimeType").filter("Permanent"::equals).isPresent();
        var lifetime = isPermanent
                ? text(wanted, "absoluteTimeout").flatMap(SessionLinker::duration)
                : Optional.<Duration>empty();
        return new Session.Cookie(name, "/", lifetime.map(Timeout::after).orElse(Timeout.none()));
    }

    private static Optional<String> text(Value.Struct struct, String field) {
        return struct.fields().get(field) instanceof Value.Text(var text) && !text.isEmpty()
                ? Optional.of(text)
                : Optional.empty();
    }

    private static Optional<Duration> duration(String text) {
        var parts = DURATION.matcher(text);
        if (!parts.matches() || text.length() > 20) {
            return Optional.empty();
        }
        return Optional.of(Duration.ofHours(number(parts.group(1)))
                .plusMinutes(number(parts.group(2)))
                .plusSeconds(number(parts.group(3)))
                .plusMillis(number(parts.group(4))));
    }

    private static long number(@Nullable String digits) {
        return digits == null ? 0 : Long.parseLong(digits.substring(0, Math.min(digits.length(), 9)));
    }
}
