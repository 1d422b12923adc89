package io.sallyport.cli.finding;

import io.sallyport.model.Finding;
import io.sallyport.model.Severity;
import java.util.Collection;
import java.util.List;

/// A finding as it is shown, whoever found it.
public record ReportedFinding(String code, Severity severity, Place place, String message, List<Place> related) {

    public ReportedFinding {
        related = List.copyOf(related);
    }

    public static ReportedFinding of(Finding finding) {
        return new ReportedFinding(
                finding.code().id(),
                finding.code().severity(),
                Place.of(finding.location()),
                finding.message(),
                finding.related().stream().map(Place::of).toList());
    }

    public static boolean hasErrors(Collection<ReportedFinding> findings) {
        return findings.stream().anyMatch(finding -> finding.severity() == Severity.ERROR);
    }
}
