package io.sallyport.analysis;

import io.sallyport.analysis.gatewayapi.Spelled;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Path;
import io.sallyport.model.RuleCode;
import io.sallyport.model.Severity;
import io.sallyport.model.Spec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Judges images. An instance remembers its last answer, so that judging the next image costs what changed; it
/// belongs to one thread. Equal images get equal answers, whatever the instance saw before.
///
/// An object's own findings are kept as long as it is the same object; findings about its neighbours as long as
/// nothing that it looked up was touched.
public final class Analyzer {

    private static final RuleCode FAILED = new RuleCode("SP9001", Severity.WARNING, "A rule failed");
    private static final PathOrder PATHS = new PathOrder();
    private static final Comparator<Finding> ORDER = Comparator.<Finding, Path>comparing(
                    finding -> finding.location().path(), PATHS)
            .thenComparing(finding -> finding.code().id())
            .thenComparing(Finding::message);

    private static final String REFERENCE = "SP2";

    // Made once: an analyzer for a single object costs next to nothing.
    private static final RuleTable ALL = new RuleTable(Rules.all());

    private final RuleTable rules;
    private final Locator locator;
    private final Inspections known;
    private final Optional<Instant> now;

    private final Expander expander = new Expander();
    private World world = World.EMPTY;
    private ConfigImage image = ConfigImage.EMPTY;
    private Optional<Instant> moment;
    private final Index index = new Index();
    private final Map<ObjectRef, Judged> judged = new HashMap<>();
    private final TreeMap<ObjectRef, List<Finding>> reported = new TreeMap<>();
    private @Nullable CheckedImage last;
    private long inspections;
    private long comparisons;

    public Analyzer() {
        this(new Inspections());
    }

    /// Shares what single objects were found to be with the other analyzers of the process, and takes from them what
    /// whole images were found to be, see [Inspections#remember].
    public Analyzer(Inspections known) {
        this(ALL, new SourceLocator(), known, Optional.empty());
    }

    /// Judges dates too, as of one moment: for one answer about files, not for a server that runs on.
    public static Analyzer at(Instant now) {
        return new Analyzer(ALL, new SourceLocator(), new Inspections(), Optional.of(now));
    }

    Analyzer(List<Rule<?>> rules, Locator locator) {
        this(new RuleTable(rules), locator, new Inspections(), Optional.empty());
    }

    private Analyzer(RuleTable rules, Locator locator, Inspections known, Optional<Instant> now) {
        this.rules = rules;
        this.locator = locator;
        this.known = known;
        this.now = now;
        this.moment = now;
    }

    /// What is wrong with one object by itself (`SP1xxx`, and the `SP4xxx` that need no other object).
    public List<Finding> inspect(ConfigObject<?> object) {
        return known.of(object, this::inspectNow);
    }

    private List<Finding> inspectNow(ConfigObject<?> object) {
        inspections++;
        var findings = new ArrayList<Finding>();
        for (var rule : rules.aboutOne(object.ref().kind())) {
            findings.addAll(run(rule, object));
        }
        findings.sort(ORDER);
        return List.copyOf(findings);
    }

    /// Judges all objects together, with those that EgressPolicies stand for. No policy ends, unless dates are
    /// judged.
    public CheckedImage check(ConfigImage next) {
        return check(next, now);
    }

    /// The same as of one moment, which is past the end of some policies. The answer holds until
    /// [CheckedImage#nextChange].
    public CheckedImage check(ConfigImage next, Instant at) {
        return check(next, Optional.of(at));
    }

    private CheckedImage check(ConfigImage source, Optional<Instant> at) {
        if (last != null && last.source() == source && last.holdsAt(at)) {
            return last;
        }
        var shared = known.checked(source, at);
        if (shared.isPresent()) {
            last = shared.get();
            return last;
        }
        moment = at;
        var next = expander.next(source, at);
        world = world.next(next, expander.spelled());
        var dirty = reindex(next);
        dirty.addAll(expander.aged());
        dirty.addAll(expander.restated());
        image = next;
        for (var ref : dirty) {
            judge(ref, next.find(ref).orElse(null));
        }
        var findings = new ArrayList<Finding>();
        reported.values().forEach(findings::addAll);
        last = new CheckedImage(
                source,
                next,
                world,
                findings,
                new Expansions(expander.derived(), expander.writers(), expander.spelled(), expander.ended()),
                expander.gatewayApi(),
                at,
                expander.nextChange());
        return last;
    }

    /// How many objects were judged by themselves, and among the others: what tests of the memo count.
    long inspections() {
        return inspections;
    }

    long comparisons() {
        return comparisons;
    }

    // Moves the index on, and says whose findings may have changed.
    private Set<ObjectRef> reindex(ConfigImage next) {
        var changes = next.changesSince(image);
        var dirty = new LinkedHashSet<ObjectRef>(changes);
        var present = Lookup.PRESENCE.keySet().stream()
                .filter(any -> !index.isEmpty(any))
                .collect(Collectors.toSet());
        for (var ref : changes) {
            var touched = new LinkedHashSet<Index.Key>();
            image.find(ref).ifPresent(before -> {
                var keys = Publication.keys(before);
                touched.addAll(seen(before, keys));
                index.remove(before, keys);
            });
            next.find(ref).ifPresent(after -> {
                var keys = Publication.keys(after);
                index.add(after, keys);
                touched.addAll(seen(after, keys));
            });
            touched.forEach(key -> dirty.addAll(index.askers(key)));
        }
        Lookup.PRESENCE.forEach((any, key) -> {
            if (present.contains(any) == index.isEmpty(any)) {
                dirty.addAll(index.askers(key));
            }
        });
        return dirty;
    }

    // The keys under which an answer that somebody got may speak of an object.
    private List<Index.Key> seen(ConfigObject<?> object, Set<Index.Key> keys) {
        return keys.stream()
                .filter(key -> !index.askers(key).isEmpty())
                .filter(key -> index.isFound(key, object, Lookup.most(key.topic())))
                .toList();
    }

    private void judge(ObjectRef ref, @Nullable ConfigObject<?> object) {
        var before = judged.remove(ref);
        if (before != null) {
            index.forget(ref, before.asked());
        }
        reported.remove(ref);
        if (object == null) {
            return;
        }
        var spelled = expander.spelled().get(ref);
        var own = own(object, before, spelled);
        comparisons++;
        var lookup = new Lookup(index, now, moment, expander.gatewayApi());
        var findings = new ArrayList<>(own);
        for (var rule : rules.amongAll(ref.kind())) {
            findings.addAll(run(rule, object, lookup));
        }
        judged.put(ref, new Judged(object, own, index.asked(ref, lookup.asked())));
        if (!findings.isEmpty()) {
            findings.sort(ORDER);
            reported.put(ref, spelled == null ? written(object, findings) : written(spelled, findings));
        }
    }

    // What is spelled is right by itself: what people wrote was judged.
    private List<Finding> own(ConfigObject<?> object, @Nullable Judged before, @Nullable Spelled spelled) {
        if (spelled != null) {
            return List.of();
        }
        return before != null && before.object() == object ? before.own() : inspect(object);
    }

    // References of routes are judged as such; what is left is about several objects.
    private List<Finding> written(Spelled spelled, List<Finding> findings) {
        return findings.stream()
                .filter(finding -> !finding.code().id().startsWith(REFERENCE))
                .map(finding -> {
                    var place = spelled.written(finding.location().path());
                    return new Finding(
                            finding.code(),
                            locator.locate(place.object(), place.path()),
                            finding.message(),
                            finding.related());
                })
                .toList();
    }

    // Of what nobody wrote, people are told at what they wrote.
    private List<Finding> written(ConfigObject<?> object, List<Finding> findings) {
        var derived = expander.derived().get(object.ref());
        var writer = expander.writers().get(object.ref());
        if (derived == null || writer == null) {
            return List.copyOf(findings);
        }
        return findings.stream()
                .map(finding -> new Finding(
                        finding.code(),
                        locator.locate(
                                writer, derived.written(finding.location().path())),
                        "%s, in the %s that it stands for".formatted(finding.message(), object.ref()),
                        finding.related()))
                .toList();
    }

    private <S extends Spec> List<Finding> run(ObjectRule<S> rule, ConfigObject<?> object) {
        var report = new Report(object, rule.code(), locator);
        try {
            rule.check(rule.subject(object), report);
            return report.findings();
        } catch (RuntimeException | StackOverflowError e) {
            return List.of(failed(rule, object, e));
        }
    }

    private <S extends Spec> List<Finding> run(WorldRule<S> rule, ConfigObject<?> object, Lookup lookup) {
        var report = new Report(object, rule.code(), locator);
        try {
            rule.check(rule.subject(object), lookup, report);
            return report.findings();
        } catch (RuntimeException | StackOverflowError e) {
            return List.of(failed(rule, object, e));
        }
    }

    // A rule that throws is a bug of ours. It must not take the other rules, or the other objects, with it.
    private Finding failed(Rule<?> rule, ConfigObject<?> object, Throwable e) {
        return new Finding(
                FAILED,
                locator.locate(object, Path.ROOT),
                "rule %s failed with %s; this is a bug of Sallyport, and the object was judged without the rule"
                        .formatted(rule.code().id(), e));
    }

    private record Judged(ConfigObject<?> object, List<Finding> own, List<Index.Key> asked) {}
}
