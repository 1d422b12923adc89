package io.sallyport.accesslog.rollup;

import java.util.Arrays;
import java.util.List;

/// Adds up sketches, those of one group after those of the other: a group of a day has pieces of many pages, and what
/// is added to a table of all places costs little more than the reading. Not for threads.
final class SketchSum {

    private static final int PLACES = Sketch.place(Long.MAX_VALUE) - Sketch.NONE + 1;

    // By place, from NONE on; all are 0 between two groups.
    private final double[] weights = new double[PLACES];
    private final int[] foundPlaces = new int[PLACES];
    private final double[] foundWeights = new double[PLACES];

    /// The sum of some, each as it is now.
    Sketch of(List<Spread> spreads) {
        if (spreads.size() == 1) {
            return spreads.getFirst().sketch();
        }
        var end = 0;
        for (var spread : spreads) {
            end = Math.max(end, spread.addTo(weights));
        }
        var size = 0;
        // Without a branch that nobody could foretell.
        for (var i = 0; i < end; i++) {
            foundPlaces[size] = i + Sketch.NONE;
            foundWeights[size] = weights[i];
            size += weights[i] == 0 ? 0 : 1;
        }
        Arrays.fill(weights, 0, end, 0);
        return new Sketch(Arrays.copyOf(foundPlaces, size), Arrays.copyOf(foundWeights, size), size);
    }
}
