package io.sallyport.cli.server;

import io.sallyport.cli.finding.Place;
import io.sallyport.cli.finding.ReportedFinding;
import io.sallyport.model.Severity;
import io.sallyport.proto.config.v1.Finding;
import io.sallyport.proto.config.v1.Findings;
import io.sallyport.proto.config.v1.Location;
import io.sallyport.proto.config.v1.ResourceRef;
import java.util.List;
import java.util.Objects;

/// Findings as servers send them.
public final class WireFindings {

    private WireFindings() {}

    public static List<ReportedFinding> reported(List<Finding> findings) {
        return findings.stream().map(WireFindings::reported).toList();
    }

    /// Findings of this side in the shape that a server would send them, in proto3 JSON.
    public static String json(List<ReportedFinding> findings) {
        var message = Findings.newBuilder();
        findings.forEach(finding -> message.addFindings(wire(finding)));
        return Json.of(message);
    }

    private static Finding wire(ReportedFinding finding) {
        var wire = Finding.newBuilder()
                .setCode(finding.code())
                .setSeverity(wire(finding.severity()))
                .setLocation(wire(finding.place()))
                .setMessage(finding.message());
        finding.related().forEach(place -> wire.addRelated(wire(place)));
        return wire.build();
    }

    private static Finding.Severity wire(Severity severity) {
        return switch (severity) {
            case ERROR -> Finding.Severity.ERROR;
            case WARNING -> Finding.Severity.WARNING;
            case INFO -> Finding.Severity.INFO;
        };
    }

    private static Location wire(Place place) {
        return Location.newBuilder()
                .setRef(ResourceRef.newBuilder()
                        .setKind(Objects.requireNonNullElse(place.kind(), ""))
                        .setNamespace(Objects.requireNonNullElse(place.namespace(), ""))
                        .setName(Objects.requireNonNullElse(place.name(), "")))
                .setPath(Objects.requireNonNullElse(place.path(), ""))
                .setFile(Objects.requireNonNullElse(place.file(), ""))
                .setLine(Objects.requireNonNullElse(place.line(), 0))
                .setColumn(Objects.requireNonNullElse(place.column(), 0))
                .build();
    }

    private static ReportedFinding reported(Finding finding) {
        return new ReportedFinding(
                finding.getCode(),
                severity(finding.getSeverity()),
                place(finding.getLocation()),
                finding.getMessage(),
                finding.getRelatedList().stream().map(WireFindings::place).toList());
    }

    public static Place place(Location location) {
        var ref = location.getRef();
        return Place.of(
                ref.getKind(),
                ref.getNamespace(),
                ref.getName(),
                location.getPath(),
                location.getFile(),
                location.getLine(),
                location.getColumn());
    }

    // A severity of a newer server is taken for the worst that is known.
    private static Severity severity(Finding.Severity severity) {
        return switch (severity) {
            case WARNING -> Severity.WARNING;
            case INFO -> Severity.INFO;
            case ERROR, SEVERITY_UNSPECIFIED, UNRECOGNIZED -> Severity.ERROR;
        };
    }
}
