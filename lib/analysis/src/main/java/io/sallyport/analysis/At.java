package io.sallyport.analysis;

import io.sallyport.model.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A value of an object, and where in the object it stands. Records carry no positions, so rules build the path while
/// they walk: `gateway.each("servers", Gateway::servers).flatMap(server -> server.field("port", Server::port))`.
/// What is absent yields nothing.
public record At<T>(Path path, T value) {

    /// Reads one member; null is "not written".
    public interface Member<T, R> {
        @Nullable R of(T value);
    }

    /// The member, or nothing when it is absent.
    public <R> Stream<At<R>> field(String name, Member<? super T, ? extends R> member) {
        R found = member.of(value);
        return found == null ? Stream.empty() : Stream.of(new At<>(path.field(name), found));
    }

    /// The elements of a list member; null elements are left out.
    public <R> Stream<At<R>> each(String name, Member<? super T, ? extends List<R>> member) {
        List<R> found = member.of(value);
        if (found == null || found.isEmpty()) {
            return Stream.empty();
        }
        var list = path.field(name);
        // Every rule walks these lists, of every object: one stage is a third of the work of range, filter and map.
        var places = new ArrayList<At<R>>(found.size());
        for (var position = 0; position < found.size(); position++) {
            var each = found.get(position);
            if (each != null) {
                places.add(new At<>(list.index(position), each));
            }
        }
        return places.stream();
    }

    /// The values of a map member, each at its key.
    public <R> Stream<At<R>> entries(String name, Member<? super T, ? extends Map<String, R>> member) {
        Map<String, R> found = member.of(value);
        if (found == null || found.isEmpty()) {
            return Stream.empty();
        }
        var map = path.field(name);
        return found.entrySet().stream()
                .filter(entry -> entry.getValue() != null)
                .map(entry -> new At<>(map.field(entry.getKey()), entry.getValue()));
    }

    /// Another value at the same place.
    public <R> At<R> as(R other) {
        return new At<>(path, other);
    }

    /// A place below this one, for a message about a member that is missing.
    public Path below(String name) {
        return path.field(name);
    }
}
