package io.sallyport.cli.finding;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonWriter;
import io.sallyport.model.Severity;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/// Findings as SARIF 2.1.0, which code review sites show beside the changed lines. A finding without a file has only a
/// logical location: the object and the path in it.
public final class FindingSarif {

    private static final String SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";

    private FindingSarif() {}

    /// `title` says the claim of a rule by its code.
    public static String of(List<ReportedFinding> findings, String version, UnaryOperator<String> title) {
        var text = new StringWriter();
        try (var json = new JsonWriter(text)) {
            json.setStrictness(Strictness.STRICT);
            json.setIndent("  ");
            json.beginObject();
            json.name("$schema").value(SCHEMA);
            json.name("version").value("2.1.0");
            json.name("runs").beginArray().beginObject();
            var rules = writeTool(json, findings, version, title);
            json.name("columnKind").value("utf16CodeUnits");
            json.name("results").beginArray();
            for (var finding : findings) {
                writeResult(json, finding, rules.getOrDefault(finding.code(), 0));
            }
            json.endArray().endObject().endArray().endObject();
        } catch (IOException impossible) {
            throw new IllegalStateException("a string cannot fail to be written", impossible);
        }
        return text.toString();
    }

    private static SortedMap<String, Integer> writeTool(
            JsonWriter json, List<ReportedFinding> findings, String version, UnaryOperator<String> title)
            throws IOException {
        var codes = new TreeMap<String, Integer>();
        var used = new TreeSet<String>();
        findings.forEach(finding -> used.add(finding.code()));
        json.name("tool").beginObject().name("driver").beginObject();
        json.name("name").value("sallyport");
        json.name("version").value(version);
        json.name("rules").beginArray();
        for (var code : used) {
            codes.put(code, codes.size());
            json.beginObject().name("id").value(code);
            var claim = title.apply(code);
            if (!claim.isEmpty()) {
                json.name("shortDescription")
                        .beginObject()
                        .name("text")
                        .value(claim)
                        .endObject();
            }
            json.endObject();
        }
        json.endArray().endObject().endObject();
        return codes;
    }

    private static void writeResult(JsonWriter json, ReportedFinding finding, int rule) throws IOException {
        json.beginObject();
        json.name("ruleId").value(finding.code());
        json.name("ruleIndex").value(rule);
        json.name("level").value(level(finding.severity()));
        json.name("message").beginObject().name("text").value(finding.message()).endObject();
        json.name("locations").beginArray();
        writeLocation(json, finding.place(), -1);
        json.endArray();
        if (!finding.related().isEmpty()) {
            json.name("relatedLocations").beginArray();
            for (var i = 0; i < finding.related().size(); i++) {
                writeLocation(json, finding.related().get(i), i);
            }
            json.endArray();
        }
        json.endObject();
    }

    private static void writeLocation(JsonWriter json, Place place, int id) throws IOException {
        json.beginObject();
        if (id >= 0) {
            json.name("id").value(id);
        }
        var file = place.file();
        if (file != null) {
            json.name("physicalLocation").beginObject();
            json.name("artifactLocation")
                    .beginObject()
                    .name("uri")
                    .value(uri(file))
                    .endObject();
            if (place.line() != null) {
                json.name("region").beginObject();
                json.name("startLine").value((Number) place.line());
                if (place.column() != null) {
                    json.name("startColumn").value((Number) place.column());
                }
                json.endObject();
            }
            json.endObject();
        }
        var object = place.object();
        if (!object.isEmpty()) {
            json.name("logicalLocations").beginArray().beginObject();
            json.name("name").value(object);
            json.name("fullyQualifiedName").value(place.path() == null ? object : object + " " + place.path());
            json.name("kind").value("object");
            json.endObject().endArray();
        }
        json.endObject();
    }

    private static String level(Severity severity) {
        return switch (severity) {
            case ERROR -> "error";
            case WARNING -> "warning";
            case INFO -> "note";
        };
    }

    // A relative reference, with what a URI cannot hold percent-encoded. A colon in its first part would end a scheme.
    private static String uri(String file) {
        int colon = file.indexOf(':');
        int slash = file.indexOf('/');
        boolean hasScheme = colon >= 0 && (slash < 0 || colon < slash);
        try {
            return new URI(null, null, hasScheme ? "./" + file : file, null).toASCIIString();
        } catch (URISyntaxException unspeakable) {
            return "unknown";
        }
    }
}
