package io.sallyport.cli.inject;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sallyport.kubernetes.inject.Addition;
import io.sallyport.model.read.Bounds;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Present;
import org.snakeyaml.engine.v2.api.lowlevel.Serialize;
import org.snakeyaml.engine.v2.comments.CommentLine;
import org.snakeyaml.engine.v2.comments.CommentType;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.constructor.StandardConstructor;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.AnchorNode;
import org.snakeyaml.engine.v2.nodes.CollectionNode;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/// The documents of one file, which are changed as their author wrote them: keys keep their order, texts their quotes,
/// comments their place. Quotes matter most: `"yes"` is a text to everybody, `yes` is not to `kubectl`.
final class ManifestText {

    private static final int WIDTH = 4_096;
    // What YAML 1.1, which kubectl reads, takes for something else than text.
    private static final String PLAIN = "[A-Za-z/][A-Za-z0-9_./:~-]*";
    private static final List<String> NO_TEXTS =
            List.of("y", "n", "yes", "no", "on", "off", "true", "false", "null", "~");

    private static final String NO_TEMPLATE = "expected: a manifest without {{ }}, as `helm template` prints it";

    private static final ObjectReader JSON =
            new ObjectMapper().reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final LoadSettings load;
    private final boolean isJson;
    private final boolean hasComments;
    private final List<Node> nodes = new ArrayList<>();

    private ManifestText(String source, boolean isJson, boolean hasComments) {
        this.isJson = isJson;
        this.hasComments = hasComments;
        this.load = LoadSettings.builder()
                .setLabel(source)
                .setParseComments(hasComments)
                .setCodePointLimit(Bounds.FILE_BYTES)
                .setMaxAliasesForCollections(Bounds.ALIASES)
                .setAllowDuplicateKeys(false)
                .build();
    }

    /// What is wrong with a text, with its place.
    static final class UnreadableException extends Exception {

        private static final long serialVersionUID = 1L;

        UnreadableException(String message) {
            super(message);
        }
    }

    static ManifestText read(String source, String text) throws UnreadableException {
        try {
            return read(new ManifestText(source, isJson(text), true), source, text);
        } catch (ClassCastException e) {
            // So the library fails on a comment right behind "[".
            return read(new ManifestText(source, isJson(text), false), source, text);
        }
    }

    private static ManifestText read(ManifestText manifest, String source, String text) throws UnreadableException {
        try {
            for (var node : new Compose(manifest.load).composeAllFromString(text)) {
                if (manifest.nodes.size() == Bounds.DOCUMENTS) {
                    throw new UnreadableException(
                            source + ": more than " + Bounds.DOCUMENTS + " documents (expected: fewer)");
                }
                refuseTemplates(source, node);
                manifest.nodes.add(node);
            }
            return manifest;
        } catch (YamlEngineException e) {
            throw new UnreadableException(
                    source + ": " + oneLine(e) + (text.contains("{{") ? " (" + NO_TEMPLATE + ")" : ""));
        }
    }

    // To YAML, {{ .Values.name }} is a mapping whose key is a mapping. Manifests have none, and written anew it would
    // be
    // no template any more.
    private static void refuseTemplates(String source, Node document) throws UnreadableException {
        var seen = Collections.<Node>newSetFromMap(new IdentityHashMap<>());
        var left = new ArrayDeque<>(List.of(document));
        while (!left.isEmpty()) {
            var node = left.pop();
            if (!seen.add(node)) {
                continue;
            }
            switch (node) {
                case MappingNode mapping -> {
                    for (var tuple : mapping.getValue()) {
                        if (tuple.getKeyNode() instanceof CollectionNode<?> key) {
                            var place = key.getStartMark()
                                    .map(mark -> ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1))
                                    .orElse("");
                            throw new UnreadableException(
                                    source + place + ": a key that is no text (" + NO_TEMPLATE + ")");
                        }
                        left.push(tuple.getValueNode());
                    }
                }
                case SequenceNode sequence -> sequence.getValue().forEach(left::push);
                case AnchorNode anchor -> left.push(anchor.getRealNode());
                default -> {}
            }
        }
    }

    private static boolean isJson(String text) {
        try {
            return JSON.readTree(text).isContainerNode();
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    private static String oneLine(YamlEngineException e) {
        return String.join(
                " ", String.valueOf(e.getMessage()).lines().map(String::strip).toList());
    }

    int size() {
        return nodes.size();
    }

    /// A document as JSON has it.
    JsonNode json(int document) throws UnreadableException {
        try {
            return new Reading()
                    .json(new StandardConstructor(load).constructSingleDocument(Optional.of(nodes.get(document))), 0);
        } catch (YamlEngineException e) {
            throw new UnreadableException(load.getLabel() + ": " + oneLine(e));
        }
    }

    // Aliases may make a small text large, and one that leads to itself endless.
    private final class Reading {

        private int values;

        JsonNode json(@Nullable Object value, int depth) throws UnreadableException {
            if (depth > Bounds.DEPTH || ++values > Bounds.NODES) {
                throw new UnreadableException(
                        load.getLabel() + ": a document is larger than Sallyport reads (expected: " + Bounds.NODES
                                + " values, " + Bounds.DEPTH + " deep)");
            }
            return switch (value) {
                case null -> JsonNodeFactory.instance.nullNode();
                case Map<?, ?> mapping -> {
                    var object = JsonNodeFactory.instance.objectNode();
                    for (var each : mapping.entrySet()) {
                        object.set(String.valueOf(each.getKey()), json(each.getValue(), depth + 1));
                    }
                    yield object;
                }
                case Collection<?> list -> {
                    var array = JsonNodeFactory.instance.arrayNode();
                    for (var each : list) {
                        array.add(json(each, depth + 1));
                    }
                    yield array;
                }
                case Boolean truth -> JsonNodeFactory.instance.booleanNode(truth);
                case Integer number -> JsonNodeFactory.instance.numberNode(number);
                case Long number -> JsonNodeFactory.instance.numberNode(number);
                case BigInteger number -> JsonNodeFactory.instance.numberNode(number);
                case Double number -> JsonNodeFactory.instance.numberNode(number);
                default -> JsonNodeFactory.instance.textNode(String.valueOf(value));
            };
        }
    }

    void add(int document, List<Addition> additions) throws UnreadableException {
        for (var addition : additions) {
            var path = addition.path();
            var place = nodes.get(document);
            for (var step : path.subList(0, path.size() - 1)) {
                place = below(place, step);
            }
            insert(place, path.getLast(), node(addition.value()));
        }
    }

    private Node below(Node parent, String step) throws UnreadableException {
        return switch (parent) {
            case MappingNode mapping -> {
                for (var tuple : mapping.getValue()) {
                    if (tuple.getKeyNode() instanceof ScalarNode key
                            && key.getValue().equals(step)) {
                        yield once(tuple.getValueNode());
                    }
                }
                throw new IllegalStateException("no \"" + step + "\" where something is to be added");
            }
            case SequenceNode list -> once(list.getValue().get(Integer.parseInt(step)));
            default -> throw new IllegalStateException("nothing is below " + parent.getTag());
        };
    }

    // What an alias stands for is there several times, and would be changed everywhere.
    private Node once(Node node) throws UnreadableException {
        if (node instanceof AnchorNode || node.getAnchor().isPresent()) {
            throw new UnreadableException(load.getLabel()
                    + ": the pod has anchors or aliases where something is to be added (expected: none there)");
        }
        return node;
    }

    private static void insert(Node parent, String step, Node value) {
        switch (parent) {
            case MappingNode mapping -> {
                var tuples = new ArrayList<>(mapping.getValue());
                tuples.removeIf(tuple -> tuple.getKeyNode() instanceof ScalarNode key
                        && key.getValue().equals(step));
                tuples.add(new NodeTuple(text(step), value));
                mapping.setValue(tuples);
                spread(mapping, tuples.getFirst().getKeyNode());
            }
            case SequenceNode list -> {
                var at = step.equals("-") ? list.getValue().size() : Integer.parseInt(step);
                list.getValue().add(at, value);
                spread(list, list.getValue().getFirst());
            }
            default -> throw new IllegalStateException("nothing is below " + parent.getTag());
        }
    }

    // Over lines of its own. A comment behind "{…}" goes before what was in it.
    private static void spread(CollectionNode<?> node, Node first) {
        var comments = node.getInLineComments();
        if (node.getFlowStyle() == FlowStyle.FLOW && comments != null && !comments.isEmpty()) {
            first.setBlockComments(comments.stream()
                    .map(line ->
                            new CommentLine(line.getStartMark(), line.getEndMark(), line.getValue(), CommentType.BLOCK))
                    .toList());
            node.setInLineComments(List.of());
        }
        node.setFlowStyle(FlowStyle.BLOCK);
    }

    private static Node node(JsonNode value) {
        if (value.isObject()) {
            var tuples = new ArrayList<NodeTuple>();
            value.properties().forEach(each -> tuples.add(new NodeTuple(text(each.getKey()), node(each.getValue()))));
            return new MappingNode(Tag.MAP, tuples, tuples.isEmpty() ? FlowStyle.FLOW : FlowStyle.BLOCK);
        }
        if (value.isArray()) {
            var items = new ArrayList<Node>();
            value.forEach(each -> items.add(node(each)));
            return new SequenceNode(Tag.SEQ, items, items.isEmpty() ? FlowStyle.FLOW : FlowStyle.BLOCK);
        }
        if (value.isTextual()) {
            return text(value.textValue());
        }
        return new ScalarNode(value.isBoolean() ? Tag.BOOL : Tag.INT, value.asText(), ScalarStyle.PLAIN);
    }

    private static ScalarNode text(String value) {
        if (value.indexOf('\n') >= 0) {
            return new ScalarNode(Tag.STR, value, ScalarStyle.LITERAL);
        }
        var isPlain = value.matches(PLAIN)
                && !value.endsWith(":")
                && !NO_TEXTS.contains(value.toLowerCase(java.util.Locale.ROOT));
        if (isPlain) {
            return new ScalarNode(Tag.STR, value, ScalarStyle.PLAIN);
        }
        // JSON inside YAML is read best where nothing in it is escaped.
        var style = value.indexOf('\'') < 0 ? ScalarStyle.SINGLE_QUOTED : ScalarStyle.DOUBLE_QUOTED;
        return new ScalarNode(Tag.STR, value, style);
    }

    /// All documents as text, with `---` between them; JSON stays JSON. What is printed is read again, and means what
    /// it
    /// should. Where a comment stands in its way, the comments of that document are left out, and `notes` are told.
    String text(Consumer<String> notes) throws UnreadableException {
        var texts = new ArrayList<String>();
        var isWhole = hasComments;
        for (int document = 0; document < nodes.size(); document++) {
            var wanted = json(document);
            var node = nodes.get(document);
            var written = isJson ? wanted.toPrettyString() + "\n" : written(node);
            if (!means(written, wanted)) {
                spreadCommented(node);
                written = written(node);
            }
            if (!means(written, wanted)) {
                strip(node);
                written = written(node);
                isWhole = false;
            }
            if (!means(written, wanted)) {
                throw new UnreadableException(
                        load.getLabel() + ": cannot be written with a proxy in it (expected: plainer YAML)");
            }
            texts.add(written);
        }
        if (!isWhole) {
            notes.accept(load.getLabel() + ": comments are left out: one stands where none can be kept");
        }
        return String.join("---\n", texts);
    }

    // Empty: one of its comments is where the writer expects none.
    private static String written(Node node) {
        var settings = DumpSettings.builder()
                .setDumpComments(true)
                .setWidth(WIDTH)
                .setSplitLines(false)
                .setIndicatorIndent(0)
                .build();
        try {
            var events = new Serialize(settings).serializeOne(node);
            var text = new Present(settings).emitToString(events.iterator());
            return text.endsWith("\n") ? text : text + "\n";
        } catch (YamlEngineException e) {
            return "";
        }
    }

    private boolean means(String text, JsonNode wanted) {
        try {
            var again = read(load.getLabel(), text);
            return again.size() == 1 && again.json(0).equals(wanted);
        } catch (UnreadableException e) {
            return false;
        }
    }

    // "- {a: b}" with a comment before it is written wrongly; over lines of its own it is not.
    private static void spreadCommented(Node node) {
        switch (node) {
            case MappingNode mapping -> {
                if (hasComments(mapping) && !mapping.getValue().isEmpty()) {
                    spread(mapping, mapping.getValue().getFirst().getKeyNode());
                }
                mapping.getValue().forEach(tuple -> spreadCommented(tuple.getValueNode()));
            }
            case SequenceNode list -> {
                if (hasComments(list) && !list.getValue().isEmpty()) {
                    spread(list, list.getValue().getFirst());
                }
                list.getValue().forEach(ManifestText::spreadCommented);
            }
            default -> {}
        }
    }

    private static boolean hasComments(Node node) {
        return node.getBlockComments() != null && !node.getBlockComments().isEmpty();
    }

    private static void strip(Node node) {
        node.setBlockComments(List.of());
        node.setInLineComments(List.of());
        node.setEndComments(List.of());
        switch (node) {
            case MappingNode mapping ->
                mapping.getValue().forEach(tuple -> {
                    strip(tuple.getKeyNode());
                    strip(tuple.getValueNode());
                });
            case SequenceNode list -> list.getValue().forEach(ManifestText::strip);
            default -> {}
        }
    }
}
