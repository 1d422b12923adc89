package io.sallyport.analysis.text;

import java.util.stream.IntStream;

/// Weights of destinations, of which only the proportions count. Istio adds them up in 32 bits and lets overflow pass;
/// Envoy then refuses the whole table of routes.
public final class Weights {

    /// The most that the weights of one rule may add up to in Envoy.
    public static final long LARGEST_SUM = 4_294_967_295L;

    private Weights() {}

    /// Whether Envoy can divide by the sum. Negative weights, which are refused elsewhere, count as 0.
    public static boolean fit(IntStream weights) {
        return sum(weights) <= LARGEST_SUM;
    }

    public static long sum(IntStream weights) {
        return weights.mapToLong(weight -> Math.max(weight, 0)).sum();
    }
}
