package io.sallyport.accesslog.rollup;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// How some durations are spread, so that such sketches can be added up: how much weight lies at each of the places
/// that durations of nearly the same length share. A quantile is within one part in a hundred of the true one, however
/// the values are spread. Masson, Rim and Lee, "DDSketch", VLDB 2019. Not for threads.
///
/// Most have few places: in a minute a route has a handful of rows. So only the places that have a weight are kept, in
/// their order.
public final class Sketch implements Spread {

    /// How far a quantile may be off, as a share of itself.
    public static final double RELATIVE_ERROR = 0.01;

    /// The place of a duration is its logarithm divided by this, rounded down.
    public static final double LOG_GAMMA = Math.log((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR));

    /// Where durations below a microsecond are: it comes first.
    static final int NONE = -1;

    private static final int[] NO_PLACES = {};
    private static final double[] NO_WEIGHTS = {};
    private static final int FEW = 4;

    private int[] places = NO_PLACES;
    private double[] weights = NO_WEIGHTS;
    private int size;
    // Whether a question looks at the arrays as they are: they are not written any more then.
    private boolean isShared;

    Sketch() {}

    /// Of places in their order, which are not written any more.
    Sketch(int[] places, double[] weights, int size) {
        this.places = places;
        this.weights = weights;
        this.size = size;
        this.isShared = true;
    }

    /// Empty, with room for so many places.
    Sketch(int room) {
        places = new int[room];
        weights = new double[room];
    }

    static Sketch of(Map<Integer, Double> weights) {
        var sketch = new Sketch();
        weights.forEach(sketch::add);
        return sketch;
    }

    /// Where a duration is counted.
    static int place(long micros) {
        return micros < 1 ? NONE : (int) Math.floor(Math.log((double) micros) / LOG_GAMMA);
    }

    // The middle of a place, as far from its ends in proportion.
    private static double value(int place) {
        return place == NONE ? 0 : Math.exp(place * LOG_GAMMA) * (1 + RELATIVE_ERROR);
    }

    @Override
    public int addTo(double[] table) {
        for (var i = 0; i < size; i++) {
            table[places[i] - NONE] += weights[i];
        }
        return size == 0 ? 0 : places[size - 1] - NONE + 1;
    }

    @Override
    public Sketch sketch() {
        return this;
    }

    /// For nothing now: who writes next, copies.
    @Override
    public Spread kept() {
        isShared = true;
        return new Sketch(places, weights, size);
    }

    private void own() {
        if (isShared) {
            places = Arrays.copyOf(places, places.length);
            weights = Arrays.copyOf(weights, weights.length);
            isShared = false;
        }
    }

    int size() {
        return size;
    }

    int placeAt(int index) {
        return places[index];
    }

    double weightAt(int index) {
        return weights[index];
    }

    void add(int place, double weight) {
        own();
        var index = size > 0 && places[size - 1] < place ? -size - 1 : Arrays.binarySearch(places, 0, size, place);
        if (index >= 0) {
            weights[index] += weight;
            return;
        }
        reserve(size + 1);
        var at = -index - 1;
        System.arraycopy(places, at, places, at + 1, size - at);
        System.arraycopy(weights, at, weights, at + 1, size - at);
        places[at] = place;
        weights[at] = weight;
        size++;
    }

    /// Adds a place behind all others, for which there is room.
    void append(int place, double weight) {
        places[size] = place;
        weights[size] = weight;
        size++;
    }

    private void reserve(int count) {
        if (count > places.length) {
            var length = Math.max(count, Math.max(FEW, places.length + places.length / 2));
            places = Arrays.copyOf(places, length);
            weights = Arrays.copyOf(weights, length);
        }
    }

    void addAll(Sketch other) {
        if (other.size <= FEW) {
            for (var i = 0; i < other.size; i++) {
                add(other.places[i], other.weights[i]);
            }
            return;
        }
        own();
        var missing = missing(other);
        reserve(size + missing);
        // From the end, so that nothing is overwritten that is still to be moved.
        var mine = size - 1;
        var to = size + missing - 1;
        for (var theirs = other.size - 1; theirs >= 0; to--) {
            if (mine >= 0 && places[mine] > other.places[theirs]) {
                places[to] = places[mine];
                weights[to] = weights[mine];
                mine--;
            } else if (mine >= 0 && places[mine] == other.places[theirs]) {
                places[to] = places[mine];
                weights[to] = weights[mine] + other.weights[theirs];
                mine--;
                theirs--;
            } else {
                places[to] = other.places[theirs];
                weights[to] = other.weights[theirs];
                theirs--;
            }
        }
        size += missing;
    }

    private int missing(Sketch other) {
        var missing = 0;
        var mine = 0;
        for (var theirs = 0; theirs < other.size; theirs++) {
            while (mine < size && places[mine] < other.places[theirs]) {
                mine++;
            }
            if (mine == size || places[mine] != other.places[theirs]) {
                missing++;
            }
        }
        return missing;
    }

    /// Quantiles as they are defined for rows: between the values at the two whole ranks around the place. Each of the
    /// two is within the error, so what lies between them is as well.
    List<Double> quantiles(List<Double> quantiles) {
        var reached = new double[size];
        var count = 0.0;
        for (var i = 0; i < size; i++) {
            count += weights[i];
            reached[i] = count;
        }
        var found = new ArrayList<Double>(quantiles.size());
        for (var quantile : quantiles) {
            var rank = quantile * Math.max(count - 1, 0);
            var below = valueAt(reached, Math.floor(rank));
            var share = rank - Math.floor(rank);
            var above = share == 0 ? below : valueAt(reached, Math.ceil(rank));
            found.add(below + share * (above - below));
        }
        return found;
    }

    // Of the first place up to which there is more weight than the rank.
    private double valueAt(double[] reached, double rank) {
        var low = 0;
        var high = size - 1;
        while (low < high) {
            var middle = (low + high) >>> 1;
            if (reached[middle] > rank) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return size == 0 ? 0 : value(places[low]);
    }
}
