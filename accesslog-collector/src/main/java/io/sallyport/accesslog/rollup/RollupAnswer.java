package io.sallyport.accesslog.rollup;

import com.google.common.collect.ImmutableList;
import java.util.List;

/// What the sums say.
///
/// @param total of the counts of all groups, shown or not
public record RollupAnswer(double total, ImmutableList<Group> groups) {

    /// A value of the attribute, in one bar or all the time.
    ///
    /// @param start of the bar; 0 without bars
    public record Group(
            long start, String value, double count, double errors, long first, long last, Durations durations) {}

    /// Those of a group.
    public static final class Durations {

        private final Sketch sketch;

        Durations(Sketch sketch) {
            this.sketch = sketch;
        }

        /// In microseconds, each within [Sketch#RELATIVE_ERROR].
        public List<Double> quantiles(List<Double> quantiles) {
            return sketch.quantiles(quantiles);
        }
    }
}
