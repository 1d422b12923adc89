package io.sallyport.translation.validation;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.pgv.validate.Validate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/// Applies the `validate.rules` that Envoy's own API carries, so that no message leaves that Envoy would not even look
/// at. A message of one bad field makes Envoy refuse a whole response, neighbours included.
///
/// Rules are read from the descriptors once for each message type and kept. What is packed in an `Any` is checked too
/// when its type was named to the constructor; another type is a violation, since nobody has looked at it.
/// An instance belongs to one thread.
final class ValidateRules {

    private final SortedMap<String, Message> packed = new TreeMap<>();
    private final Map<Descriptor, MessageCheck> compiled = new HashMap<>();
    private final Beyond beyond;

    /// What is expected of a message beyond its rules.
    interface Beyond {
        void check(Message message, Place path, List<Violation> found);
    }

    ValidateRules(List<? extends Message> packed) {
        this(packed, (_, _, _) -> {});
    }

    /// `packed` are default instances of every type that may appear in an `Any`; `beyond` is asked about each message
    /// on the way.
    ValidateRules(List<? extends Message> packed, Beyond beyond) {
        this.beyond = beyond;
        for (var message : packed) {
            this.packed.put(message.getDescriptorForType().getFullName(), message);
        }
    }

    /// Everything that breaks a rule, in order of the fields; empty when Envoy would take the message.
    List<Violation> check(Message message) {
        var found = new ArrayList<Violation>();
        check(message, Place.ROOT, found);
        return List.copyOf(found);
    }

    void check(Message message, Place path, List<Violation> found) {
        if (message instanceof Any any) {
            checkPacked(any, path, found);
        } else {
            checkOf(message.getDescriptorForType()).run(message, path, found);
            beyond.check(message, path, found);
        }
    }

    private void checkPacked(Any any, Place path, List<Violation> found) {
        if (any.getTypeUrl().isEmpty()) {
            return;
        }
        var name = any.getTypeUrl().substring(any.getTypeUrl().lastIndexOf('/') + 1);
        var type = packed.get(name);
        if (type == null) {
            found.add(new Violation(
                    path.toString(), "packs the type \"" + name + "\" (expected: a type that is checked)"));
            return;
        }
        try {
            check(type.getParserForType().parseFrom(any.getValue()), path, found);
        } catch (InvalidProtocolBufferException e) {
            found.add(new Violation(path.toString(), "does not parse as \"" + name + "\": " + e.getMessage()));
        }
    }

    private MessageCheck checkOf(Descriptor descriptor) {
        var known = compiled.get(descriptor);
        if (known == null) {
            known = compile(descriptor);
            compiled.put(descriptor, known);
        }
        return known;
    }

    /// Reads the rules of a message type and of all types below it. A rule that is not understood is our bug.
    void compileAll(Descriptor descriptor) {
        if (compiled.containsKey(descriptor)) {
            return;
        }
        checkOf(descriptor);
        for (var field : descriptor.getFields()) {
            if (isMessage(field)) {
                compileAll(field.getMessageType());
            }
        }
    }

    private MessageCheck compile(Descriptor descriptor) {
        if (descriptor.getOptions().getExtension(Validate.disabled)
                || descriptor.getOptions().getExtension(Validate.ignored)) {
            return MessageCheck.NONE;
        }
        var fields = new ArrayList<FieldCheck>();
        for (var field : descriptor.getFields()) {
            var rules = field.getOptions().getExtension(Validate.rules);
            var isRuled = isMessage(field) && (field.isMapField() || !isPlain(field));
            if (isRuled || !rules.equals(Validate.FieldRules.getDefaultInstance())) {
                fields.add(compile(field, rules));
            }
        }
        var oneofs = descriptor.getOneofs().stream()
                .filter(oneof -> oneof.getOptions().getExtension(Validate.required))
                .toList();
        return new MessageCheck(List.copyOf(fields), oneofs);
    }

    private FieldCheck compile(FieldDescriptor field, Validate.FieldRules rules) {
        if (field.isMapField()) {
            var content = field.getMessageType().findFieldByNumber(2);
            return new MapCheck(
                    field,
                    rules.getMap(),
                    ValueChecks.of(
                            field.getMessageType().findFieldByNumber(1),
                            rules.getMap().getKeys()),
                    ValueChecks.of(
                            field.getMessageType().findFieldByNumber(2),
                            rules.getMap().getValues()),
                    isMessage(content)
                            && !isPlain(content)
                            && !rules.getMap().getValues().getMessage().getSkip(),
                    this);
        }
        if (field.isRepeated()) {
            var skip = rules.getRepeated().getItems().getMessage().getSkip();
            return new ListCheck(
                    field,
                    rules.getRepeated(),
                    ValueChecks.of(field, rules.getRepeated().getItems()),
                    isMessage(field) && !isPlain(field) && !skip,
                    this);
        }
        var descends =
                isMessage(field) && !isPlain(field) && !rules.getMessage().getSkip();
        return new SingleCheck(field, rules, ValueChecks.of(field, rules), descends, this);
    }

    // Protobuf's own types, such as free structures of any depth, carry no rules; only what is packed may.
    private static boolean isPlain(FieldDescriptor field) {
        var name = field.getMessageType().getFullName();
        return name.startsWith("google.protobuf.") && !name.equals("google.protobuf.Any");
    }

    private static boolean isMessage(FieldDescriptor field) {
        return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
    }

    /// One field of one message type, with all that is expected of it.
    private sealed interface FieldCheck permits SingleCheck, ListCheck, MapCheck {
        void run(Message message, Place path, List<Violation> found);
    }

    private record MessageCheck(List<FieldCheck> fields, List<OneofDescriptor> required) {

        static final MessageCheck NONE = new MessageCheck(List.of(), List.of());

        void run(Message message, Place path, List<Violation> found) {
            for (var field : fields) {
                field.run(message, path, found);
            }
            for (var oneof : required) {
                if (!message.hasOneof(oneof)) {
                    found.add(new Violation(path.field(oneof.getName()).toString(), "is required"));
                }
            }
        }
    }

    private record SingleCheck(
            FieldDescriptor field, Validate.FieldRules rules, ValueCheck value, boolean descends, ValidateRules all)
            implements FieldCheck {

        @Override
        public void run(Message message, Place path, List<Violation> found) {
            if (field.hasPresence() && !message.hasField(field)) {
                if (isRequired()) {
                    found.add(new Violation(path.field(field.getName()).toString(), "is required"));
                }
                return;
            }
            var content = message.getField(field);
            if (value != ValueCheck.NONE) {
                value.check(
                        content,
                        reason -> found.add(
                                new Violation(path.field(field.getName()).toString(), reason)));
            }
            if (content instanceof Message part && descends) {
                all.check(part, path.field(field.getName()), found);
            }
        }

        // A member of a one-of is required only where it was chosen, and then it is there.
        private boolean isRequired() {
            if (field.getRealContainingOneof() != null) {
                return false;
            }
            return rules.getMessage().getRequired()
                    || rules.getAny().getRequired()
                    || rules.getDuration().getRequired()
                    || rules.getTimestamp().getRequired();
        }
    }

    private record ListCheck(
            FieldDescriptor field, Validate.RepeatedRules rules, ValueCheck item, boolean descends, ValidateRules all)
            implements FieldCheck {

        @Override
        public void run(Message message, Place path, List<Violation> found) {
            var items = (List<?>) message.getField(field);
            if (items.isEmpty() && (rules.getMinItems() == 0 || rules.getIgnoreEmpty())) {
                return;
            }
            var place = path.field(field.getName());
            if (items.size() < rules.getMinItems()) {
                found.add(new Violation(
                        place.toString(), "has " + items.size() + " items (expected: >= " + rules.getMinItems() + ")"));
            }
            if (rules.hasMaxItems() && items.size() > rules.getMaxItems()) {
                found.add(new Violation(
                        place.toString(), "has " + items.size() + " items (expected: <= " + rules.getMaxItems() + ")"));
            }
            if (rules.getUnique() && items.stream().distinct().count() != items.size()) {
                found.add(new Violation(place.toString(), "has an item twice"));
            }
            if (item == ValueCheck.NONE && !descends) {
                return;
            }
            for (int i = 0; i < items.size(); i++) {
                var at = place.index(i);
                item.check(items.get(i), reason -> found.add(new Violation(at.toString(), reason)));
                if (descends) {
                    all.check((Message) items.get(i), at, found);
                }
            }
        }
    }

    private record MapCheck(
            FieldDescriptor field,
            Validate.MapRules rules,
            ValueCheck key,
            ValueCheck value,
            boolean descends,
            ValidateRules all)
            implements FieldCheck {

        @Override
        public void run(Message message, Place path, List<Violation> found) {
            var entries = (List<?>) message.getField(field);
            if (entries.isEmpty() && (rules.getMinPairs() == 0 || rules.getIgnoreEmpty())) {
                return;
            }
            var place = path.field(field.getName());
            if (entries.size() < rules.getMinPairs()) {
                found.add(new Violation(
                        place.toString(),
                        "has " + entries.size() + " entries (expected: >= " + rules.getMinPairs() + ")"));
            }
            if (rules.hasMaxPairs() && entries.size() > rules.getMaxPairs()) {
                found.add(new Violation(
                        place.toString(),
                        "has " + entries.size() + " entries (expected: <= " + rules.getMaxPairs() + ")"));
            }
            for (var entry : entries) {
                var pair = (Message) entry;
                var name = pair.getField(field.getMessageType().findFieldByNumber(1));
                var content = pair.getField(field.getMessageType().findFieldByNumber(2));
                var at = place.key(name);
                Consumer<String> report = reason -> found.add(new Violation(at.toString(), reason));
                key.check(name, report);
                value.check(content, report);
                if (content instanceof Message part
                        && !rules.getValues().getMessage().getSkip()) {
                    all.check(part, at, found);
                }
            }
        }
    }
}
