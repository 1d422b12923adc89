package io.sallyport.accesslog.rollup;

import com.datadoghq.sketch.ddsketch.DDSketch;
import com.datadoghq.sketch.ddsketch.encoding.ByteArrayInput;
import com.datadoghq.sketch.ddsketch.encoding.GrowingByteArrayOutput;
import com.datadoghq.sketch.ddsketch.mapping.LogarithmicMapping;
import com.datadoghq.sketch.ddsketch.store.PaginatedStore;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/// Sketches of durations that can be added up, and what is read from them: `DDSketch`, whose every quantile is within
/// one part in a hundred of the true one, however the values are spread.
public final class Sketches {

    /// How far a quantile may be off, as a share of itself.
    public static final double RELATIVE_ERROR = 0.01;

    private static final LogarithmicMapping MAPPING = new LogarithmicMapping(RELATIVE_ERROR);

    private Sketches() {}

    static DDSketch empty() {
        return new DDSketch(MAPPING, PaginatedStore::new);
    }

    /// The place of a duration is its logarithm divided by this, rounded down.
    public static final double LOG_GAMMA = Math.log((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR));

    // Below that of a microsecond.
    private static final int NONE = -1;

    /// Where a duration is counted.
    static int place(long micros) {
        return micros < 1 ? NONE : MAPPING.index((double) micros);
    }

    static void add(DDSketch sketch, int place, double weight) {
        if (place == NONE) {
            sketch.accept(0, weight);
        } else {
            sketch.getPositiveValueStore().add(place, weight);
        }
    }

    static ByteString bytes(DDSketch sketch) {
        var out = GrowingByteArrayOutput.withDefaultInitialCapacity();
        try {
            sketch.encode(out, true);
        } catch (IOException e) {
            throw new UncheckedIOException("memory cannot be written", e);
        }
        return ByteString.copyFrom(out.backingArray(), 0, out.numWrittenBytes());
    }

    static void addAll(DDSketch sketch, ByteString bytes) {
        try {
            sketch.decodeAndMergeWith(ByteArrayInput.wrap(bytes.toByteArray()));
        } catch (IOException e) {
            throw new UncheckedIOException("sketch of a page (expected: as it was written)", e);
        }
    }

    /// Quantiles as they are defined for rows: between the values at the two whole ranks around the place. Each of the
    /// two is within the error, so what lies between them is as well.
    static List<Double> quantiles(DDSketch sketch, List<Double> quantiles) {
        var count = sketch.getCount();
        var found = new ArrayList<Double>(quantiles.size());
        for (var quantile : quantiles) {
            var place = quantile * Math.max(count - 1, 0);
            var below = valueAt(sketch, count, Math.floor(place));
            var share = place - Math.floor(place);
            var above = share == 0 ? below : valueAt(sketch, count, Math.ceil(place));
            found.add(below + share * (above - below));
        }
        return found;
    }

    private static double valueAt(DDSketch sketch, double count, double rank) {
        var store = sketch.getPositiveValueStore();
        // What has no place is 0 and comes first.
        var reached = count - store.getTotalCount();
        if (reached > rank + 1e-6) {
            return 0;
        }
        var value = 0.0;
        var bins = store.getAscendingIterator();
        while (bins.hasNext()) {
            var bin = bins.next();
            reached += bin.getCount();
            value = MAPPING.value(bin.getIndex());
            if (reached > rank) {
                return value;
            }
        }
        return value;
    }
}
