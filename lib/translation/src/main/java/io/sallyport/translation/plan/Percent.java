package io.sallyport.translation.plan;

/// A share of requests in millionths: `Percent.of(12.5)` is 125,000.
public record Percent(int millionths) {

    public static final Percent ALL = new Percent(1_000_000);

    public Percent {
        if (millionths < 0 || millionths > 1_000_000) {
            throw new IllegalArgumentException("millionths: " + millionths + " (expected: 0 to 1000000)");
        }
    }

    public static Percent of(double percent) {
        return new Percent((int) Math.round(Math.clamp(percent, 0, 100) * 10_000));
    }
}
