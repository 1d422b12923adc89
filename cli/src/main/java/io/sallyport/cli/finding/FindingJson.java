package io.sallyport.cli.finding;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Findings for programs: `{"findings":[…],"resources":N}`, every member always there, unknown values null.
/// This shape is a contract: see the reference of `sallyport check`.
public final class FindingJson {

    private FindingJson() {}

    public static String of(List<ReportedFinding> findings, int resources) {
        var text = new StringWriter();
        try (var json = new JsonWriter(text)) {
            json.setStrictness(Strictness.STRICT);
            json.setIndent("  ");
            json.setSerializeNulls(true);
            json.beginObject().name("findings").beginArray();
            for (var finding : findings) {
                write(json, finding);
            }
            json.endArray().name("resources").value(resources).endObject();
        } catch (IOException impossible) {
            throw new IllegalStateException("a string cannot fail to be written", impossible);
        }
        return text.toString();
    }

    private static void write(JsonWriter json, ReportedFinding finding) throws IOException {
        var place = finding.place();
        json.beginObject();
        json.name("code").value(finding.code());
        json.name("severity").value(finding.severity().text());
        writeObject(json, place);
        json.name("path").value(place.path());
        writePosition(json, place);
        json.name("message").value(finding.message());
        json.name("related").beginArray();
        for (var related : finding.related()) {
            json.beginObject();
            writeObject(json, related);
            writePosition(json, related);
            json.endObject();
        }
        json.endArray().endObject();
    }

    private static void writeObject(JsonWriter json, Place place) throws IOException {
        json.name("kind").value(place.kind());
        json.name("namespace").value(place.namespace());
        json.name("name").value(place.name());
    }

    private static void writePosition(JsonWriter json, Place place) throws IOException {
        json.name("file").value(place.file());
        writeNumber(json, "line", place.line());
        writeNumber(json, "column", place.column());
    }

    private static void writeNumber(JsonWriter json, String name, @Nullable Integer number) throws IOException {
        json.name(name).value((Number) number);
    }
}
