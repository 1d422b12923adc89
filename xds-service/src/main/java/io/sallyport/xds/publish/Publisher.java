package io.sallyport.xds.publish;

import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.follow.Arrival;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.ObjectRef;
import io.sallyport.runtime.telemetry.Telemetry;
import io.sallyport.runtime.telemetry.TraceParent;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ProxyClass;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Translates each new image for every class of connected proxies, on one thread that owns the [Translation].
///
/// Images that arrive while it translates are merged: only the newest is taken next. An exception (our bug) for one
/// object withholds that object alone: the step is searched for the objects that cause it, everything else goes on,
/// and the last good snapshot serves meanwhile.
public final class Publisher implements AutoCloseable {

    /// More classes than this are refused. Those that objects tell apart cost a plan and a set of bytes each.
    public static final int MAX_CLASSES = 10_000;

    /// More ways to listen than this are refused in one namespace: proxies say themselves what they listen on, and
    /// each way costs a plan.
    public static final int MAX_WAYS = 100;

    // A class whose proxies are all gone is kept this long: an Envoy that comes back then costs nothing.
    private static final Duration IDLE = Duration.ofMinutes(5);
    private static final int MAX_POISONED = 100;
    private static final Duration[] STEPS = {
        Duration.ofMillis(1),
        Duration.ofMillis(5),
        Duration.ofMillis(20),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(2),
        Duration.ofSeconds(10)
    };
    private static final Logger LOG = LoggerFactory.getLogger(Publisher.class);

    private final Supplier<Translation> translations;
    private final InstantSource clock;
    private final Map<ProxyClass, Seat> seats = new ConcurrentHashMap<>();
    private final Encodings encodings = new Encodings();
    // Of the boards that share an answer: its snapshot, and what that has worked out. Belongs to the owner thread.
    private final Map<Leap, Snapshot> leaps = new HashMap<>();
    private final AtomicReference<@Nullable ConfigImage> newest = new AtomicReference<>();
    private final AtomicReference<@Nullable ConfigImage> expected = new AtomicReference<>();
    private final BlockingQueue<Boolean> wakes = new ArrayBlockingQueue<>(1);
    private final Arrivals arrivals = new Arrivals();
    private final Tracer tracer;
    private final Timer steps;
    private final AtomicLong failures = new AtomicLong();
    private final Thread owner;
    private volatile long revision;
    private volatile boolean closed;
    private Translation translation;
    private long told;
    private ConfigImage last = ConfigImage.EMPTY;
    private volatile ConfigImage shown = ConfigImage.EMPTY;

    /// An object whose translation throws: it is left out until its content changes.
    public record Poison(ConfigObject<?> object, String reason) {}

    // What proxies say of themselves, and nobody proves.
    private record Way(ProxyClass.Role role, SortedMap<String, Integer> listen, String address, boolean privileged) {

        static Way of(ProxyClass proxies) {
            return new Way(proxies.role(), proxies.listen(), proxies.address(), proxies.privileged());
        }
    }

    // Both by identity.
    private record Leap(@Nullable Snapshot before, EnvoyResources after) {}

    // Who waits on one board, and since when nobody does.
    private static final class Seat {
        private final Board board;
        private volatile @Nullable Instant idleSince;
        // Belongs to the owner thread.
        private @Nullable ConfigImage served;
        // When what it serves will be wrong although the image stays.
        private volatile @Nullable Instant until;
        // For this class alone: one proxy with a strange node must not withhold anything from others.
        private final SortedMap<ObjectRef, Poison> poisoned = new ConcurrentSkipListMap<>();

        private Seat(ProxyClass proxies, Encodings encodings) {
            this.board = new Board(proxies, encodings);
        }
    }

    public Publisher(Supplier<Translation> translations, InstantSource clock) {
        this(translations, clock, Telemetry.none());
    }

    /// The same, telling what it does.
    public Publisher(Supplier<Translation> translations, InstantSource clock, Telemetry telemetry) {
        this.tracer = telemetry.tracer();
        this.steps = Timer.builder("sallyport_xds_translation")
                .description("How long making one revision into resources took, for all classes of proxies together.")
                .serviceLevelObjectives(STEPS)
                .register(telemetry.meters());
        this.translations = translations;
        this.clock = clock;
        this.translation = translations.get();
        this.owner = Thread.ofPlatform().daemon().name("xds-publisher").unstarted(this::run);
        owner.start();
    }

    /// Takes the newest image. Returns at once.
    public void offer(ConfigImage image) {
        offer(image, Arrival.UNKNOWN);
    }

    /// The same; `arrival` says how it came.
    public void offer(ConfigImage image, Arrival arrival) {
        var span = tracer.spanBuilder("xds.publish")
                .setParent(TraceParent.read(arrival.traceParent()))
                .setAttribute("sallyport.revision", image.revision())
                .startSpan();
        arrivals.put(image.revision(), new Arrivals.Entry(arrival, clock.instant(), span, new AtomicInteger()));
        newest.set(image);
        wakes.offer(true);
    }

    /// Lets it translate an image that may be offered soon, or never: nobody sees any of it before. Returns at once.
    public void prepare(ConfigImage image) {
        expected.set(image);
        wakes.offer(true);
    }

    /// The board of a class, kept up to date while `wake` is joined to it. Empty when there are too many classes, or
    /// too many ways to listen in its namespace.
    public Optional<Board> join(ProxyClass proxies, Runnable wake) {
        if (!seats.containsKey(proxies) && (seats.size() >= MAX_CLASSES || !hasWay(proxies))) {
            return Optional.empty();
        }
        var seat = seats.compute(proxies, (key, known) -> {
            var kept = known == null ? new Seat(key, encodings) : known;
            kept.idleSince = null;
            kept.board.join(wake);
            return kept;
        });
        if (seat.board.newest() == null) {
            wakes.offer(true);
        }
        return Optional.of(seat.board);
    }

    private boolean hasWay(ProxyClass proxies) {
        var ways = seats.keySet().stream()
                .filter(known -> known.namespace().equals(proxies.namespace()))
                .map(Way::of)
                .collect(Collectors.toSet());
        return ways.size() < MAX_WAYS || ways.contains(Way.of(proxies));
    }

    public void leave(Board board, Runnable wake) {
        seats.computeIfPresent(board.proxies(), (_, seat) -> {
            board.leave(wake);
            if (seat.board.readers() == 0) {
                seat.idleSince = clock.instant();
            }
            return seat;
        });
    }

    /// How the newest revisions came.
    public Arrivals arrivals() {
        return arrivals;
    }

    /// The newest revision that every class has been translated for.
    public long revision() {
        return revision;
    }

    /// The image that the newest snapshots were made from; for looking up where an object was written.
    public ConfigImage image() {
        var image = newest.get();
        if (image == null) {
            return ConfigImage.EMPTY;
        }
        var seen = shown;
        return seen.revision() == image.revision() ? seen : image;
    }

    /// To be called now and then: publishes anew where a policy has ended since.
    public void tick() {
        var now = clock.instant();
        if (seats.values().stream().anyMatch(seat -> isOver(seat, now))) {
            wakes.offer(true);
        }
    }

    private static boolean isOver(Seat seat, Instant now) {
        var until = seat.until;
        return until != null && !now.isBefore(until);
    }

    /// Objects that are left out because their translation throws.
    public List<Poison> poisoned() {
        var all = new TreeMap<ObjectRef, Poison>();
        seats.values().forEach(seat -> all.putAll(seat.poisoned));
        return List.copyOf(all.values());
    }

    public long failures() {
        return failures.get();
    }

    public int classes() {
        return seats.size();
    }

    @Override
    public void close() {
        closed = true;
        owner.interrupt();
    }

    private void run() {
        while (!closed) {
            try {
                wakes.take();
                var image = newest.get();
                if (image != null) {
                    step(image);
                }
                var next = expected.getAndSet(null);
                if (next != null && next != newest.get()) {
                    ready(next);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (Exception | StackOverflowError e) {
                failures.incrementAndGet();
                LOG.atError().setCause(e).log("Publishing failed; the last good snapshots stay");
                translation = translations.get();
            }
        }
    }

    private void step(ConfigImage image) {
        var started = clock.instant();
        var span =
                arrivals.of(image.revision(), started).map(Arrivals.Entry::span).orElse(Span.getInvalid());
        try (var _ = span.makeCurrent()) {
            publishAll(image);
            if (image.revision() != told) {
                told = image.revision();
                steps.record(Duration.between(started, clock.instant()));
                LOG.atInfo().addKeyValue("revision", told).log("Published a revision");
            }
        } finally {
            span.end();
        }
    }

    // What throws here throws again when the image comes, and is dealt with then.
    private void ready(ConfigImage image) {
        try {
            for (var seat : seats.values()) {
                if (seat.board.newest() != null && seat.poisoned.isEmpty()) {
                    translation.prepare(image, seat.board.proxies());
                }
            }
        } catch (RuntimeException | StackOverflowError e) {
            LOG.atDebug().setCause(e).log("An image cannot be prepared");
            translation = translations.get();
        }
    }

    private void publishAll(ConfigImage image) {
        dropIdle();
        for (var seat : seats.values()) {
            if (seat.served != image || isOver(seat, clock.instant())) {
                seat.served = image;
                seat.until = null;
                publish(seat, image);
                seat.until = translation.nextChange().orElse(null);
            }
        }
        leaps.clear();
        last = image;
        shown = translation.expanded(image);
        revision = image.revision();
    }

    private void publish(Seat seat, ConfigImage image) {
        try {
            put(seat.board, image.revision(), translated(seat, withoutPoison(seat, image)));
        } catch (RuntimeException e) {
            failures.incrementAndGet();
            Span.current().setStatus(StatusCode.ERROR, "a class of proxies keeps its last good snapshot");
            LOG.atError()
                    .addKeyValue("revision", image.revision())
                    .addKeyValue("class", seat.board.proxies())
                    .setCause(e)
                    .log("A class of proxies cannot be served the new revision; its last good one stays");
        }
    }

    private EnvoyResources translated(Seat seat, ConfigImage image) {
        try {
            return translation.translate(image, seat.board.proxies());
        } catch (Exception | StackOverflowError e) {
            failures.incrementAndGet();
            LOG.atError()
                    .addKeyValue("revision", image.revision())
                    .addKeyValue("class", seat.board.proxies())
                    .setCause(e)
                    .log("Translation failed; looking for the object that causes it");
            translation = translations.get();
            return withholding(seat, image, String.valueOf(e));
        }
    }

    private void put(Board board, long revision, EnvoyResources resources) {
        var stamped = resources.revision() == revision ? resources : resources.with(revision, List.of(), Map.of());
        var before = board.newest();
        board.publish(leaps.computeIfAbsent(
                new Leap(before, stamped), _ -> before == null ? standing(stamped) : before.next(stamped)));
    }

    // What boards show that have this answer already.
    private Snapshot standing(EnvoyResources resources) {
        return seats.values().stream()
                .map(seat -> seat.board.newest())
                .flatMap(Stream::ofNullable)
                .filter(known -> known.resources() == resources)
                .findFirst()
                .orElseGet(() -> Snapshot.first(resources));
    }

    // Objects known to be poison stay out until they change.
    private static ConfigImage withoutPoison(Seat seat, ConfigImage image) {
        seat.poisoned
                .entrySet()
                .removeIf(entry -> image.find(entry.getKey())
                        .filter(object -> object == entry.getValue().object())
                        .isEmpty());
        return seat.poisoned.isEmpty() ? image : image.with(image.revision(), List.of(), seat.poisoned.keySet());
    }

    // Finds the objects that cannot be translated by halving: the shortest failing front of the objects (those that
    // changed last at the end) ends in one of them.
    private EnvoyResources withholding(Seat seat, ConfigImage image, String reason) {
        var proxies = seat.board.proxies();
        var order = suspectsLast(image);
        // If even nothing cannot be translated, no object is to blame.
        boolean blameless = !translates(proxies, front(image, order, 0));
        while (!blameless && seat.poisoned.size() < MAX_POISONED && !order.isEmpty()) {
            int good = 0;
            int bad = order.size();
            while (bad - good > 1) {
                int middle = (good + bad) >>> 1;
                if (translates(proxies, front(image, order, middle))) {
                    good = middle;
                } else {
                    bad = middle;
                }
            }
            var culprit = order.remove(bad - 1);
            seat.poisoned.put(culprit.ref(), new Poison(culprit, reason));
            LOG.atError().addKeyValue("object", culprit.ref()).log("Withheld an object that cannot be translated");
            var rest = front(image, order, order.size());
            if (translates(proxies, rest)) {
                return translation.translate(rest, proxies);
            }
        }
        throw new IllegalStateException("cannot translate revision " + image.revision() + ": " + reason);
    }

    private List<ConfigObject<?>> suspectsLast(ConfigImage image) {
        var changed = image.changesSince(last);
        var known = new TreeMap<ObjectRef, ConfigObject<?>>();
        image.objects().forEach(object -> known.put(object.ref(), object));
        return new ArrayList<>(Stream.concat(
                        known.values().stream().filter(object -> !changed.contains(object.ref())),
                        known.values().stream().filter(object -> changed.contains(object.ref())))
                .toList());
    }

    private static ConfigImage front(ConfigImage image, List<ConfigObject<?>> order, int size) {
        return ConfigImage.EMPTY.with(image.revision(), order.subList(0, size), List.of());
    }

    private boolean translates(ProxyClass proxies, ConfigImage image) {
        try {
            translation.translate(image, proxies);
            return true;
        } catch (Exception | StackOverflowError e) {
            failures.incrementAndGet();
            LOG.atDebug().setCause(e).log("Still failing");
            translation = translations.get();
            return false;
        }
    }

    private void dropIdle() {
        var now = clock.instant();
        seats.forEach((proxies, seat) -> {
            var since = seat.idleSince;
            if (since != null && since.plus(IDLE).isBefore(now)) {
                seats.computeIfPresent(proxies, (key, known) -> {
                    if (known.idleSince == null) {
                        return known;
                    }
                    translation.forget(key);
                    return null;
                });
            }
        });
    }
}
