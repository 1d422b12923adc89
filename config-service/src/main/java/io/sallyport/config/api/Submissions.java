package io.sallyport.config.api;

import com.google.common.hash.Hashing;
import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.config.store.Document;
import io.sallyport.config.store.DocumentReader;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.SourceDocument;
import io.sallyport.proto.config.v1.Resource;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Reads and inspects the resources that a caller sends, all of them before it complains.
final class Submissions {

    private static final int MAX_TEXT = 4_096;
    private static final int MAX_NAME = 1_024;

    private final DocumentReader reader;

    Submissions(DocumentReader reader) {
        this.reader = reader;
    }

    /// The objects, or a refusal that carries every finding.
    List<ConfigObject<?>> objects(List<Resource> resources) throws RefusedException {
        var documents = documents(resources);
        var findings = documents.stream()
                .flatMap(document -> document.findings().stream())
                .toList();
        long refused = documents.stream().filter(Document::isRefused).count();
        if (refused > 0) {
            var first = findings.stream().filter(Finding::isError).findFirst();
            throw new RefusedException(
                    refused + " of " + documents.size() + " resources refused"
                            + first.map(finding -> ": " + sentence(finding)).orElse(""),
                    findings);
        }
        return documents.stream()
                .<ConfigObject<?>>map(document -> document.object().orElseThrow())
                .toList();
    }

    private static String sentence(Finding finding) {
        var object = finding.location().object();
        var place = object == null ? finding.location().file() : object.toString();
        return finding.code().id() + " " + place + " " + finding.location().path() + ", line "
                + finding.location().line() + ": " + finding.message();
    }

    List<Document> documents(List<Resource> resources) throws RefusedException {
        var documents = new ArrayList<Document>();
        int index = 0;
        for (var resource : resources) {
            documents.add(document(resource, index++));
        }
        return documents;
    }

    // Two kinds may be called alike (`Gateway`): the text says which is meant.
    private static boolean isMeant(ObjectRef said, ObjectRef read) {
        return said.kind().word().equals(read.kind().word())
                && said.qualifiedName().equals(read.qualifiedName());
    }

    private Document document(Resource resource, int index) throws RefusedException {
        checkSource(resource, index);
        var text = resource.getSourceText();
        var digest = Hashing.sha256().hashString(text, StandardCharsets.UTF_8).toString();
        var document = reader.read(new SourceDocument(
                resource.getSourceName(), Math.max(1, resource.getFirstLine()), index, text, digest));
        if (document.ref().isPresent()) {
            var ref = document.ref().get();
            if (ref.kind() == Kind.SECRET) {
                throw new RefusedException(ref + " is no configuration (expected: secrets go to secret-service)");
            }
            if (resource.hasRef() && !isMeant(Wire.ref(resource.getRef()), ref)) {
                throw new RefusedException("upserts[" + index + "].ref is " + Wire.ref(resource.getRef())
                        + " (expected: " + ref + ", which its text says)");
            }
        }
        return document.object().isPresent()
                ? document.with(new Analyzer(reader.inspections())
                        .inspect(document.object().get()))
                : document;
    }

    private static void checkSource(Resource resource, int index) throws RefusedException {
        var name = resource.getSourceName();
        if (name.length() > MAX_NAME || name.indexOf('\0') >= 0) {
            throw new RefusedException(
                    "upserts[" + index + "].source_name (expected: at most " + MAX_NAME + " characters, no NUL)");
        }
        if (resource.getFirstLine() < 0) {
            throw new RefusedException(
                    "upserts[" + index + "].first_line: " + resource.getFirstLine() + " (expected: 1 or more)");
        }
    }

    /// What is wrong with the objects as if there were no others.
    static List<Finding> checkTogether(List<ConfigObject<?>> objects) {
        return new Analyzer()
                .check(ConfigImage.EMPTY.with(1, objects, List.of()))
                .findings();
    }

    static void checkText(String field, String text) throws RefusedException {
        if (text.length() > MAX_TEXT || text.indexOf('\0') >= 0) {
            throw new RefusedException(field + " (expected: at most " + MAX_TEXT + " characters, no NUL)");
        }
    }

    static void checkId(String id) throws RefusedException {
        if (id.length() > 128 || !id.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw new RefusedException("request_id (expected: at most 128 printable characters without spaces)");
        }
    }
}
