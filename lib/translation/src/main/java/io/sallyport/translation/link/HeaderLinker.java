package io.sallyport.translation.link;

import io.sallyport.analysis.text.HeaderNames;
import io.sallyport.model.VirtualService.HeaderOperations;
import io.sallyport.model.VirtualService.Headers;
import io.sallyport.translation.plan.Action.HostChange;
import io.sallyport.translation.plan.HeaderEdits;
import io.sallyport.translation.plan.HeaderEdits.Edits;
import io.sallyport.translation.plan.HeaderEdits.Mode;
import io.sallyport.translation.plan.HeaderEdits.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Says how headers change. Pseudo-headers and `host` cannot be edited; setting `host` or `:authority` changes the host
/// of the request instead. (Istio: `TranslateHeadersOperations` in `pilot/pkg/networking/core/route/route.go`.)
final class HeaderLinker {

    private static final Edits NONE = HeaderEdits.NONE.request();

    /// Edits, and what they say about the host.
    record Linked(HeaderEdits edits, HostChange host) {}

    private HeaderLinker() {}

    static Linked link(@Nullable Headers headers) {
        if (headers == null) {
            return new Linked(HeaderEdits.NONE, new HostChange.Keep());
        }
        var edits = new HeaderEdits(edits(headers.request()), edits(headers.response()));
        return new Linked(edits.isEmpty() ? HeaderEdits.NONE : edits, host(headers.request()));
    }

    /// Both, the second after the first.
    static HeaderEdits append(HeaderEdits first, HeaderEdits second) {
        return second.isEmpty()
                ? first
                : new HeaderEdits(
                        append(first.request(), second.request()), append(first.response(), second.response()));
    }

    /// Both as one step, as if `first` were done before `second`: what the second sets or removes, the first does not
    /// bring back.
    static HeaderEdits chain(HeaderEdits first, HeaderEdits second) {
        return append(
                new HeaderEdits(
                        without(first.request(), second.request()), without(first.response(), second.response())),
                second);
    }

    // Envoy first removes, then sets, then adds.
    private static Edits without(Edits first, Edits second) {
        var gone = new TreeSet<String>(String.CASE_INSENSITIVE_ORDER);
        gone.addAll(second.removed());
        second.values().stream()
                .filter(value -> value.mode() == Mode.SET)
                .map(Value::name)
                .forEach(gone::add);
        return new Edits(
                first.values().stream()
                        .filter(value -> !gone.contains(value.name()))
                        .toList(),
                first.removed());
    }

    private static Edits append(Edits first, Edits second) {
        var values = new ArrayList<>(first.values());
        values.addAll(second.values());
        var removed = new ArrayList<>(first.removed());
        removed.addAll(second.removed());
        return new Edits(values, removed);
    }

    private static Edits edits(@Nullable HeaderOperations operations) {
        if (operations == null) {
            return NONE;
        }
        var values = new ArrayList<Value>();
        add(values, operations.set(), Mode.SET);
        add(values, operations.add(), Mode.ADD);
        return new Edits(
                values,
                operations.remove().stream().filter(name -> !isFixed(name)).toList());
    }

    private static void add(List<Value> values, Map<String, String> wanted, Mode mode) {
        wanted.forEach((name, value) -> {
            if (!isFixed(name)) {
                values.add(new Value(name, value, mode));
            }
        });
    }

    private static HostChange host(@Nullable HeaderOperations operations) {
        if (operations == null) {
            return new HostChange.Keep();
        }
        var set = host(operations.set());
        return set instanceof HostChange.Keep ? host(operations.add()) : set;
    }

    private static HostChange host(Map<String, String> wanted) {
        return wanted.entrySet().stream()
                .filter(entry -> isHost(entry.getKey()) && !entry.getValue().isEmpty())
                .<HostChange>map(entry -> new HostChange.To(entry.getValue()))
                .findFirst()
                .orElse(new HostChange.Keep());
    }

    private static boolean isHost(String name) {
        var lower = name.toLowerCase(Locale.ROOT);
        return lower.equals("host") || lower.equals(":authority");
    }

    private static boolean isFixed(String name) {
        return name.startsWith(":") || isHost(name) || HeaderNames.isFraming(name);
    }
}
