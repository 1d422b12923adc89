package io.sallyport.model.read;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/// Makes a tree of the events of one YAML document. It resolves aliases and merge keys (`<<`) within bounds, refuses
/// tags, and looks up no class: types are decided by the fields that take the values, not by YAML.
final class YamlComposer {

    private static final LoadSettings SETTINGS = LoadSettings.builder()
            .setParseComments(false)
            .setUseMarks(true)
            .setCodePointLimit(Bounds.DOCUMENT_BYTES + 1)
            .build();
    private static final Set<String> PLAIN_TAGS = Set.of(
            "tag:yaml.org,2002:int",
            "tag:yaml.org,2002:float",
            "tag:yaml.org,2002:bool",
            "tag:yaml.org,2002:null",
            "tag:yaml.org,2002:map",
            "tag:yaml.org,2002:seq");
    private static final String STRING_TAG = "tag:yaml.org,2002:str";
    private static final String MERGE = "<<";

    private final int lineOffset;
    private final ParserImpl events;
    private final TreeGuard guard = new TreeGuard();
    private final Map<Anchor, Node> anchors = new HashMap<>();
    private final Set<Anchor> open = new HashSet<>();
    private int aliases;
    private long aliasedNodes;
    private int aliasesSoFar;

    YamlComposer(String text, int firstLine) {
        lineOffset = firstLine;
        events = new ParserImpl(SETTINGS, new StreamReader(wholly(text), text));
    }

    // The library's reader fails where a character outside the basic plane (an emoji) lies across the end of its
    // buffer,
    // so the buffer holds the whole text.
    private static LoadSettings wholly(String text) {
        return LoadSettings.builder()
                .setUseMarks(true)
                .setCodePointLimit(Bounds.DOCUMENT_BYTES + 1)
                .setBufferSize(text.length() + 2)
                .build();
    }

    TextTree compose() throws UnreadableException {
        try {
            events.next(); // stream start
            Node root = null;
            while (!events.checkEvent(Event.ID.StreamEnd)) {
                var start = events.next(); // document start
                var node = node(events.next(), 0);
                events.next(); // document end
                if (root != null && !isEmpty(node)) {
                    throw fail(ReadRule.SYNTAX, start, "a second document without \"---\" on a line of its own");
                }
                root = root == null && !isEmpty(node) ? node : root;
            }
            return new TextTree(root, guard.problems());
        } catch (MarkedYamlEngineException e) {
            throw syntax(e);
        } catch (YamlEngineException e) {
            throw new UnreadableException(new Problem(ReadRule.SYNTAX, lineOffset, 1, "not YAML: " + e.getMessage()));
        } catch (NumberFormatException e) {
            // The scanner's own, for an escape at the very end of the text: a quote, and "\\u" without its digits.
            throw new UnreadableException(new Problem(
                    ReadRule.SYNTAX, lineOffset, 1, "not YAML: an escape without digits (expected: \\u0041)"));
        }
    }

    private UnreadableException syntax(MarkedYamlEngineException e) {
        var mark = e.getProblemMark().or(e::getContextMark);
        var problem = Optional.ofNullable(e.getProblem()).orElse("malformed");
        if (problem.contains("TAB")) {
            problem = "a tab where YAML wants spaces (expected: indentation by spaces)";
        }
        return new UnreadableException(new Problem(ReadRule.SYNTAX, line(mark), column(mark), "not YAML: " + problem));
    }

    private static boolean isEmpty(Node node) {
        return Scalars.isNull(node);
    }

    private Node node(Event event, int depth) throws UnreadableException {
        guard.countNode(line(event), column(event));
        return switch (event) {
            case AliasEvent alias -> resolve(alias);
            case ScalarEvent scalar -> scalar(scalar);
            case CollectionStartEvent start -> collection(start, depth + 1);
            default -> throw fail(ReadRule.SYNTAX, event, "not YAML: unexpected " + event.getEventId());
        };
    }

    private Node resolve(AliasEvent alias) throws UnreadableException {
        var name = alias.getAlias();
        if (open.contains(name)) {
            throw fail(
                    ReadRule.RECURSIVE_ALIAS,
                    alias,
                    "alias \"*%s\" stands inside its own anchor (expected: no recursion)".formatted(name.getValue()));
        }
        var target = anchors.get(name);
        if (target == null) {
            throw fail(ReadRule.SYNTAX, alias, "alias \"*%s\" has no anchor".formatted(name.getValue()));
        }
        aliasesSoFar++;
        aliasedNodes += target.weight();
        var expanded = guard.nodes() + aliasedNodes;
        if (++aliases > Bounds.ALIASES
                || expanded > Math.max(Bounds.EXPANSION_FLOOR, (long) Bounds.EXPANSION * guard.nodes())) {
            throw fail(
                    ReadRule.TOO_MANY_ALIASES,
                    alias,
                    "aliases expand too far (expected: at most %d uses, and %d times the size)"
                            .formatted(Bounds.ALIASES, Bounds.EXPANSION));
        }
        return target;
    }

    private Node scalar(ScalarEvent event) throws UnreadableException {
        var tag = event.getTag();
        var plain = event.isPlain();
        if (tag.isPresent()) {
            plain = plain && !isStringTag(tag.get());
            checkTag(tag.get(), event);
        }
        var scalar = new Node.Scalar(event.getValue(), plain, line(event), column(event), index(event.getEndMark()));
        guard.checkText(scalar.text(), scalar.line(), scalar.column());
        event.getAnchor().ifPresent(anchor -> anchors.put(anchor, scalar));
        return scalar;
    }

    private static boolean isStringTag(String tag) {
        return tag.equals(STRING_TAG) || tag.equals("!");
    }

    private void checkTag(String tag, Event event) throws UnreadableException {
        if (!isStringTag(tag) && !PLAIN_TAGS.contains(tag)) {
            throw fail(ReadRule.TAG, event, "tag %s (expected: no tag)".formatted(Words.quote(tag)));
        }
    }

    private Node collection(CollectionStartEvent start, int depth) throws UnreadableException {
        TreeGuard.checkDepth(depth, line(start), column(start));
        if (start.getTag().isPresent()) {
            checkTag(start.getTag().get(), start);
        }
        var anchor = start.getAnchor();
        anchor.ifPresent(open::add);
        var node = start.getEventId() == Event.ID.SequenceStart ? items(start, depth) : fields(start, depth);
        if (anchor.isPresent()) {
            open.remove(anchor.get());
            anchors.put(anchor.get(), node);
        }
        return node;
    }

    private Node items(CollectionStartEvent start, int depth) throws UnreadableException {
        var aliasesBefore = aliasesSoFar;
        var items = new ArrayList<Node>();
        var weight = 1L;
        var event = events.next();
        while (event.getEventId() != Event.ID.SequenceEnd) {
            var item = node(event, depth);
            weight += item.weight();
            items.add(item);
            event = events.next();
        }
        return new Node.Items(
                List.copyOf(items),
                line(start),
                column(start),
                index(start.getStartMark()),
                index(event.getEndMark()),
                weight,
                aliasesSoFar > aliasesBefore);
    }

    private Node fields(CollectionStartEvent start, int depth) throws UnreadableException {
        var aliasesBefore = aliasesSoFar;
        var entries = new ArrayList<Node.Entry>();
        var merges = new ArrayList<Node>();
        var weight = 1L;
        var event = events.next();
        while (event.getEventId() != Event.ID.MappingEnd) {
            var key = node(event, depth);
            var value = node(events.next(), depth);
            weight += key.weight() + value.weight();
            if (!(key instanceof Node.Scalar scalar) || Scalars.isNull(key)) {
                guard.add(new Problem(
                        ReadRule.BAD_KEY, key.line(), key.column(), "key that is no string (expected: a string)"));
            } else if (scalar.plain() && scalar.text().equals(MERGE)) {
                merges.add(value);
            } else {
                entries.add(new Node.Entry(scalar, value));
            }
            event = events.next();
        }
        var own = guard.withoutDuplicates(entries);
        return new Node.Fields(
                List.copyOf(merges.isEmpty() ? own : merged(own, merges)),
                line(start),
                column(start),
                index(start.getStartMark()),
                index(event.getEndMark()),
                weight,
                aliasesSoFar > aliasesBefore);
    }

    private List<Node.Entry> merged(List<Node.Entry> own, List<Node> merges) {
        var all = new ArrayList<>(own);
        Map<String, Node.Entry> seen = new HashMap<>();
        own.forEach(entry -> seen.put(TreeGuard.canonical(entry.key().text()), entry));
        for (var merge : merges) {
            var sources = merge instanceof Node.Items list ? list.items() : List.of(merge);
            for (var source : sources) {
                mergeInto(all, seen, source);
            }
        }
        return all;
    }

    private void mergeInto(List<Node.Entry> all, Map<String, Node.Entry> seen, Node source) {
        if (!(source instanceof Node.Fields fields)) {
            guard.add(new Problem(
                    ReadRule.WRONG_TYPE, source.line(), source.column(), "\"<<\" merges no mapping (expected: one)"));
            return;
        }
        for (var entry : fields.entries()) {
            var first = seen.putIfAbsent(TreeGuard.canonical(entry.key().text()), entry);
            if (first == null) {
                all.add(entry);
            } else {
                guard.add(new Problem(
                        ReadRule.OVERRIDDEN_MERGE,
                        first.key().line(),
                        first.key().column(),
                        "key %s is also merged from line %d; this one holds"
                                .formatted(
                                        Words.quote(entry.key().text()),
                                        entry.key().line()),
                        entry.key().line(),
                        entry.key().column(),
                        entry.key().text()));
            }
        }
    }

    private UnreadableException fail(ReadRule rule, Event event, String message) {
        return new UnreadableException(new Problem(rule, line(event), column(event), message));
    }

    private int line(Event event) {
        return line(event.getStartMark());
    }

    private static int column(Event event) {
        return column(event.getStartMark());
    }

    private int line(Optional<Mark> mark) {
        return mark.map(Mark::getLine).orElse(0) + lineOffset;
    }

    private static int column(Optional<Mark> mark) {
        return mark.map(Mark::getColumn).orElse(0) + 1;
    }

    private static int index(Optional<Mark> mark) {
        return mark.map(Mark::getIndex).orElse(0);
    }
}
