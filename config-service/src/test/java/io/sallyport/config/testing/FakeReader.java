package io.sallyport.config.testing;

import com.google.common.collect.ImmutableSortedSet;
import com.google.common.hash.Hashing;
import io.sallyport.analysis.Inspections;
import io.sallyport.config.store.Document;
import io.sallyport.config.store.DocumentReader;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.Kind;
import io.sallyport.model.Location;
import io.sallyport.model.Metadata;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Path;
import io.sallyport.model.RuleCode;
import io.sallyport.model.Secret;
import io.sallyport.model.Severity;
import io.sallyport.model.SourceDocument;
import io.sallyport.model.Spec;
import io.sallyport.model.read.YamlReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads documents of one line, so that a test can say what it means: `VirtualService shop/cart anything`.
/// A word `REFUSED` refuses the document, `UNREADABLE` its object, a line `BROKEN` the whole file, and `created=…`
/// is its creation time.
public class FakeReader implements DocumentReader {

    private static final Pattern DOCUMENT = Pattern.compile("(\\w+) ([\\w-]+)/([\\w-]+)( .*)?", Pattern.DOTALL);
    private static final Pattern CREATED = Pattern.compile("created=(\\S+)");
    private static final Spec GATEWAY = real("""
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: fake}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
            """);
    private static final Spec VIRTUAL_SERVICE = real("""
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: fake}
            spec:
              hosts: [shop.test]
              gateways: [edge]
              http:
              - directResponse: {status: 200}
            """);
    private static final RuleCode REFUSED = new RuleCode("SP1999", Severity.ERROR, "Refused");

    private final Inspections inspections = new Inspections();

    @Override
    public Inspections inspections() {
        return inspections;
    }

    /// The text's source as a caller would give it.
    public static SourceDocument source(String name, int line, int index, String text) {
        return new SourceDocument(
                name,
                line,
                index,
                text,
                Hashing.sha256().hashString(text, StandardCharsets.UTF_8).toString());
    }

    /// An object that is fine.
    public static ConfigObject<?> object(String text) {
        return new FakeReader().read(source("test.yaml", 1, 0, text)).object().orElseThrow();
    }

    @Override
    public File readFile(String name, byte[] content) {
        var documents = new ArrayList<Document>();
        int line = 1;
        for (var text : new String(content, StandardCharsets.UTF_8).lines().toList()) {
            if (text.equals("BROKEN")) {
                return new File(List.of(), List.of(finding(name, line, null)));
            }
            if (!text.isBlank()) {
                documents.add(read(source(name, line, documents.size(), text)));
            }
            line++;
        }
        return new File(documents, List.of());
    }

    @Override
    public Document read(SourceDocument source) {
        var match = DOCUMENT.matcher(source.text());
        var kind = match.matches() ? Kind.of(match.group(1)) : Optional.<Kind>empty();
        if (kind.isEmpty()) {
            return new Document(
                    source,
                    Optional.empty(),
                    Optional.empty(),
                    List.of(finding(source.name(), source.firstLine(), null)));
        }
        var ref = new ObjectRef(kind.get(), match.group(2), match.group(3));
        var object = new ConfigObject<>(ref, metadata(source.text()), spec(kind.get()), source, Age.NONE);
        boolean unreadable = source.text().contains("UNREADABLE");
        return new Document(
                source,
                Optional.of(ref),
                unreadable ? Optional.empty() : Optional.of(object),
                unreadable || source.text().contains("REFUSED")
                        ? List.of(finding(source.name(), source.firstLine(), ref))
                        : List.of());
    }

    private static Spec spec(Kind kind) {
        return switch (kind) {
            case GATEWAY -> GATEWAY;
            case VIRTUAL_SERVICE -> VIRTUAL_SERVICE;
            case SECRET -> new Secret("Opaque", false, ImmutableSortedSet.of(), null);
            default -> throw new IllegalArgumentException(kind + " (expected: a kind that the fake reads)");
        };
    }

    // The analyzer looks at what is in them, so they have to be good ones.
    private static Spec real(String yaml) {
        var read = new YamlReader().read("fake.yaml", yaml.getBytes(StandardCharsets.UTF_8));
        return read.objects().findFirst().orElseThrow().spec();
    }

    private static Metadata metadata(String text) {
        var created = CREATED.matcher(text);
        return new Metadata(
                "v1",
                Collections.unmodifiableSortedMap(new TreeMap<>()),
                Collections.unmodifiableSortedMap(new TreeMap<>()),
                created.find() ? Instant.parse(created.group(1)) : null);
    }

    private static Finding finding(String name, int line, @Nullable ObjectRef ref) {
        return new Finding(REFUSED, new Location(ref, Path.of("spec"), name, line, 1), "refused (expected: better)");
    }
}
