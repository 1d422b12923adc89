package io.sallyport.cli.log;

import io.sallyport.proto.accesslog.v1.Answered;
import io.sallyport.proto.accesslog.v1.Coverage;
import java.util.Locale;
import java.util.TreeMap;

/// Says how complete an answer is.
final class Coverages {

    private Coverages() {}

    // Left out on purpose, and made up for by the weights of other rows.
    private static final String SAMPLED = "sampled";

    /// `complete: 41,207 of 41,207 requests stored`. Where there is none, it says who sent none.
    static String written(Coverage coverage) {
        var sampled = coverage.getLostOrDefault(SAMPLED, 0);
        var lost =
                coverage.getLostMap().values().stream().mapToLong(each -> each).sum();
        var all = coverage.getStored() + coverage.getPending() + lost;
        if (all == 0) {
            return coverage.getFiltered() == 0
                    ? "no rows: no proxy has sent this collector any in this time"
                    : "no rows: proxies answered " + number(coverage.getFiltered())
                            + " requests in this time and sent this collector none of them: Telemetry names other"
                            + " providers or filters them out, or enableEnvoyAccessLogService is off";
        }
        var text = new StringBuilder(all - sampled == coverage.getStored() ? "complete: " : "incomplete: ")
                .append(number(coverage.getStored()))
                .append(" of ")
                .append(number(all))
                .append(" requests stored");
        if (coverage.getPending() > 0) {
            text.append(", ").append(number(coverage.getPending())).append(" on their way");
        }
        new TreeMap<>(coverage.getLostMap())
                .forEach((cause, count) -> text.append(", ")
                        .append(number(count))
                        .append(cause.equals(SAMPLED) ? " left out: " : " lost: ")
                        .append(cause));
        if (coverage.getFiltered() > 0) {
            text.append("; ")
                    .append(number(coverage.getFiltered()))
                    .append(" more not logged: Telemetry leaves them out");
        }
        return text.toString();
    }

    /// The same and, where percentiles may be off, how far.
    static String[] written(Coverage coverage, Answered answered) {
        return answered.getRelativeError() > 0
                ? new String[] {
                    written(coverage),
                    String.format(
                            Locale.ROOT, "percentiles: within %.0f %%, from rollups", 100 * answered.getRelativeError())
                }
                : new String[] {written(coverage)};
    }

    private static String number(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }
}
