package io.sallyport.runtime.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;

/// Lets a library say the same thing once a minute: a client of Kafka warns of each attempt to reach a broker, several
/// times a second for as long as it is away. Lines that differ in their numbers alone say the same. The first is
/// always shown, and so is one after a minute. `logback.xml` names the library.
public final class Repetitions extends TurboFilter {

    private static final Duration QUIET = Duration.ofMinutes(1);
    private static final int MAX_LINES = 1_000;
    private static final Pattern NUMBER = Pattern.compile("\\d+");

    private final InstantSource clock;
    private String library = "";
    // When each was shown last, by logger and text; the eldest goes first.
    private final Map<String, Instant> shown = new LinkedHashMap<>();

    /// For `logback.xml`.
    public Repetitions() {
        this(InstantSource.system());
    }

    Repetitions(InstantSource clock) {
        this.clock = clock;
    }

    /// The beginning of the loggers' names: `org.apache.kafka.`.
    public void setLibrary(String library) {
        this.library = library;
    }

    @Override
    public FilterReply decide(
            @Nullable Marker marker,
            Logger logger,
            Level level,
            @Nullable String text,
            Object @Nullable [] arguments,
            @Nullable Throwable failure) {
        // Without a text somebody only asks whether the level is shown.
        if (text == null
                || !level.isGreaterOrEqual(Level.WARN)
                || !logger.getName().startsWith(library)) {
            return FilterReply.NEUTRAL;
        }
        return isNew(logger.getName() + " " + NUMBER.matcher(text).replaceAll("#"))
                ? FilterReply.NEUTRAL
                : FilterReply.DENY;
    }

    private synchronized boolean isNew(String line) {
        var now = clock.instant();
        var last = shown.get(line);
        if (last != null && now.isBefore(last.plus(QUIET))) {
            return false;
        }
        shown.remove(line);
        shown.put(line, now);
        if (shown.size() > MAX_LINES) {
            shown.remove(shown.keySet().iterator().next());
        }
        return true;
    }
}
