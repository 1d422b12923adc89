package io.sallyport.accesslog.config;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import io.sallyport.model.Path;
import io.sallyport.model.SourceDocument;
import io.sallyport.model.read.Positions;
import io.sallyport.model.read.YamlReader;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.accesslog.v1.RuleText;
import io.sallyport.proto.config.v1.Resource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Finds the rule that decided a row as its author wrote it, in the version that the proxy ran: `http[1]` of
/// `VirtualService shop/shop` at revision 42 is eight lines of `shop.yaml` from line 14 on.
public final class RuleTexts {

    private static final int MAX_LINES = 200;
    private static final int MAX_REMEMBERED = 1_000;
    // How many changes back the very text of an old row is looked for.
    private static final int MAX_STEPS = 20;

    private record Name(String object, String digest) {}

    private final ConfigurationSource source;

    /// Texts that were found by their digest never change.
    private final Cache<Name, Resource> exact =
            CacheBuilder.newBuilder().maximumSize(MAX_REMEMBERED).build();

    RuleTexts(ConfigurationSource source) {
        this.source = source;
    }

    /// The text of the rule; absent when no rule decided, or nobody knows the object any more.
    public Optional<RuleText> of(AccessLogEntry entry) {
        return find(entry).map(resource -> text(entry, resource));
    }

    private Optional<Resource> find(AccessLogEntry entry) {
        var object = entry.getRouteObject();
        var space = object.indexOf(' ');
        var slash = object.indexOf('/', space + 1);
        if (space < 0 || slash < 0) {
            return Optional.empty();
        }
        var name = new Name(object, entry.getObjectDigest());
        var known = exact.getIfPresent(name);
        if (known != null) {
            return Optional.of(known);
        }
        var nearest = Optional.<Resource>empty();
        var revision = entry.getRevision() > 0 ? OptionalLong.of(entry.getRevision()) : OptionalLong.empty();
        for (var step = 0; step < MAX_STEPS; step++) {
            var found = object(object, space, slash, revision);
            if (found.isEmpty()) {
                break;
            }
            var resource = found.getFirst();
            if (resource.getDigest().equals(entry.getObjectDigest())) {
                exact.put(name, resource);
                return Optional.of(resource);
            }
            nearest = nearest.or(() -> Optional.of(resource));
            if (resource.getRevision() <= 1 || entry.getObjectDigest().isEmpty()) {
                break;
            }
            revision = OptionalLong.of(resource.getRevision() - 1);
        }
        // A row of a revision that is not kept any more: what there is now is better than nothing, and says so.
        return nearest.or(() ->
                object(object, space, slash, OptionalLong.empty()).stream().findFirst());
    }

    private List<Resource> object(String object, int space, int slash, OptionalLong revision) {
        return source.object(
                object.substring(0, space), object.substring(space + 1, slash), object.substring(slash + 1), revision);
    }

    private static RuleText text(AccessLogEntry entry, Resource resource) {
        var document = YamlReader.source(
                resource.getSourceName(), Math.max(1, resource.getFirstLine()), 0, resource.getSourceText());
        var path = path(entry.getRule());
        var text = RuleText.newBuilder()
                .setObject(entry.getRouteObject())
                .setRevision(resource.getRevision())
                .setSourceName(resource.getSourceName())
                .setIsExact(resource.getDigest().equals(entry.getObjectDigest()));
        var from = new Positions().locate(document, path).line() - document.firstLine();
        if (!path.isRoot() && from >= 0) {
            text.setPath(path.toString());
        }
        var start = path.isRoot() ? 0 : Math.max(0, from);
        return text.setLine(document.firstLine() + start)
                .setYaml(block(document, start))
                .build();
    }

    /// `http[1].match[0]` is `spec.http[1]`.
    private static Path path(String rule) {
        var open = rule.indexOf('[');
        var close = rule.indexOf(']');
        if (open < 1 || close < open + 2 || close - open > 7) {
            return Path.ROOT;
        }
        var index = 0;
        for (var c : rule.substring(open + 1, close).toCharArray()) {
            if (c < '0' || c > '9') {
                return Path.ROOT;
            }
            index = 10 * index + c - '0';
        }
        return Path.of("spec", rule.substring(0, open)).index(index);
    }

    // A block of YAML ends where a line begins no further right than its first one did.
    private static String block(SourceDocument document, int start) {
        var lines = document.text().split("\n", -1);
        if (start >= lines.length) {
            return "";
        }
        var indent = start == 0 ? -1 : indent(lines[start]);
        var end = start + 1;
        while (end < lines.length && end - start < MAX_LINES && (lines[end].isBlank() || indent(lines[end]) > indent)) {
            end++;
        }
        var text = new StringBuilder();
        for (var line = start; line < end; line++) {
            var shown = lines[line].stripTrailing();
            text.append(shown, Math.min(Math.max(0, indent), shown.length()), shown.length())
                    .append('\n');
        }
        return text.toString().stripTrailing() + "\n";
    }

    private static int indent(String line) {
        var indent = 0;
        while (indent < line.length() && line.charAt(indent) == ' ') {
            indent++;
        }
        return indent;
    }
}
