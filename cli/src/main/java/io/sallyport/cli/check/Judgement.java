package io.sallyport.cli.check;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.cli.finding.Place;
import io.sallyport.cli.finding.ReportedFinding;
import io.sallyport.cli.input.Documents;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.Location;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Path;
import io.sallyport.model.Platform;
import io.sallyport.model.RuleCode;
import io.sallyport.model.Severity;
import io.sallyport.model.SourceDocument;
import io.sallyport.model.read.DocumentResult;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// All that is wrong with some documents: what reading found, and what the analyzer finds as if they had all been
/// accepted in one revision at this moment.
final class Judgement {

    // What the watched directory reports too, where the first one counts as well.
    static final RuleCode TWO_PLACES = new RuleCode("SP3901", Severity.ERROR, "Object stands in two places");

    // A destination that does not exist may be a router of sallyport.yaml, and a selector may match a proxy of it.
    private static final Set<String> OF_PROXIES = Set.of("SP2102", "SP2106");

    private final Documents documents;
    private final Instant now;
    private final List<Finding> twice = new ArrayList<>();

    Judgement(Documents documents, Instant now) {
        this.documents = documents;
        this.now = now.truncatedTo(ChronoUnit.SECONDS);
    }

    /// In the order of the files, then by line.
    List<ReportedFinding> findings() {
        var findings = new LinkedHashSet<Finding>();
        documents.findings().forEach(findings::add);
        Analyzer.at(now).check(image()).findings().stream()
                .filter(finding ->
                        isPlatformKnown() || !OF_PROXIES.contains(finding.code().id()))
                .forEach(findings::add);
        findings.addAll(twice);
        var reported = new ArrayList<ReportedFinding>();
        findings.forEach(finding -> reported.add(ReportedFinding.of(finding)));
        reported.sort(byPlace());
        return List.copyOf(reported);
    }

    // While sallyport.yaml is refused, nobody can say which proxies there would be.
    private boolean isPlatformKnown() {
        return documents.documents().noneMatch(document -> Platform.REF.equals(document.ref()) && document.isRefused());
    }

    private ConfigImage image() {
        var objects = new LinkedHashMap<ObjectRef, ConfigObject<?>>();
        documents.documents().forEach(document -> {
            var object = document.object();
            var first = object == null ? null : objects.putIfAbsent(object.ref(), aged(document, object));
            if (first != null) {
                twice.add(twice(first, document));
            }
        });
        return ConfigImage.EMPTY.with(1, objects.values(), List.of());
    }

    private static Finding twice(ConfigObject<?> first, DocumentResult second) {
        var message = "stands in \"%s\", line %d, too, and that one counts (expected: one place)"
                .formatted(first.source().name(), first.source().firstLine());
        return new Finding(
                TWO_PLACES, start(first.ref(), second.source()), message, List.of(start(first.ref(), first.source())));
    }

    private static Location start(ObjectRef ref, SourceDocument source) {
        return new Location(ref, Path.ROOT, source.name(), source.firstLine(), 1);
    }

    private ConfigObject<?> aged(DocumentResult document, ConfigObject<?> object) {
        var claimed = object.metadata().creationTimestamp();
        var created = claimed == null || claimed.isAfter(now) ? now : claimed;
        return object.withAge(new Age(created, 1, document.source().name(), document.index()));
    }

    private Comparator<ReportedFinding> byPlace() {
        var order = new LinkedHashMap<String, Integer>();
        documents.results().forEach(result -> order.putIfAbsent(result.sourceName(), order.size()));
        return Comparator.<ReportedFinding>comparingInt(finding -> rank(order, finding.place()))
                .thenComparingInt(finding -> number(finding.place().line()))
                .thenComparingInt(finding -> number(finding.place().column()))
                .thenComparing(ReportedFinding::code)
                .thenComparing(ReportedFinding::message);
    }

    private static int rank(Map<String, Integer> order, Place place) {
        return place.file() == null ? -1 : order.getOrDefault(place.file(), Integer.MAX_VALUE);
    }

    private static int number(@Nullable Integer number) {
        return number == null ? 0 : number;
    }
}
