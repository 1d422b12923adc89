package io.sallyport.accesslog.storage;

import io.sallyport.proto.accesslog.v1.Origin;
import java.util.HashMap;
import java.util.Map;

/// How far the rows of each spool are stored, by partition of Kafka's topics: a row that came again under another
/// offset is
/// known by it. Not for threads.
final class Origins {

    private record Key(Place place, long spool) {}

    private record Mark(long attempt, long sequence) {

        boolean isBefore(Mark other) {
            return attempt < other.attempt || (attempt == other.attempt && sequence < other.sequence);
        }
    }

    private final Map<Key, Mark> marks;

    Origins() {
        this(new HashMap<>());
    }

    private Origins(Map<Key, Mark> marks) {
        this.marks = marks;
    }

    Origins copy() {
        return new Origins(new HashMap<>(marks));
    }

    /// Whether the row was not there before; now it is.
    boolean add(Place place, Origin origin) {
        return put(place, origin.getSpool(), origin.getAttempt(), origin.getSequence());
    }

    /// The same with the figures that a store has kept.
    boolean put(Place place, long spool, long attempt, long sequence) {
        var key = new Key(place, spool);
        var mark = new Mark(attempt, sequence);
        var known = marks.get(key);
        if (known != null && !known.isBefore(mark)) {
            return false;
        }
        marks.put(key, mark);
        return true;
    }
}
