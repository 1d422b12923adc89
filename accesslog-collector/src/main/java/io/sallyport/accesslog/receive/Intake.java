package io.sallyport.accesslog.receive;

import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/// The one way in for rows, whichever door they came through: tidies them, says whose they are, hands them to the
/// spool and keeps the ledger of what became of them.
public final class Intake {

    /// The cause of a loss: the disk spool had no room left, because Kafka has been away for too long.
    public static final String SPOOL_FULL = "spool_full";

    private static final String UNREADABLE = "raw";

    private final RowSink sink;
    private final Ledger ledger;
    private final InstantSource clock;
    private final ConfigurationStamp stamp;
    private final RowRules rules;
    private final AtomicLong unreadable = new AtomicLong();
    private final LongAdder received = new LongAdder();
    private final LongAdder sampled = new LongAdder();
    private final LongAdder spoolFull = new LongAdder();
    private final Verdicts verdicts = new Verdicts();

    public Intake(RowSink sink, Ledger ledger, InstantSource clock) {
        this(sink, ledger, clock, ConfigurationStamp.NONE, RowRules.NONE);
    }

    public Intake(RowSink sink, Ledger ledger, InstantSource clock, ConfigurationStamp stamp, RowRules rules) {
        this.rules = rules;
        this.sink = sink;
        this.ledger = ledger;
        this.clock = clock;
        this.stamp = stamp;
    }

    /// Takes what one proxy has sent.
    public void take(Proxy proxy, List<AccessLogEntry.Builder> rows) {
        if (rows.isEmpty()) {
            return;
        }
        var now = clock.instant();
        var ready = new ArrayList<AccessLogEntry>(rows.size());
        for (var row : rows) {
            Tidying.tidy(row, now);
        }
        stamp.stamp(proxy, rows);
        for (var row : rows) {
            var second = row.getStartTime().getSeconds();
            ledger.received(proxy, second);
            received.increment();
            verdicts.see(row);
            if (row.getKind().equals(UNREADABLE)) {
                unreadable.incrementAndGet();
            }
            if (rules.sampling().keeps(row)) {
                rules.privacy().apply(owned(proxy, row));
                ready.add(row.build());
            } else {
                ledger.lost(proxy, second, SamplingRules.SAMPLED);
                sampled.increment();
            }
        }
        var taken = sink.offer(proxy.toString(), ready);
        for (var refused : ready.subList(taken, ready.size())) {
            ledger.lost(proxy, refused.getStartTime().getSeconds(), SPOOL_FULL);
            spoolFull.increment();
        }
    }

    /// Rows that came since the start.
    public long received() {
        return received.sum();
    }

    /// Those of them that the settings leave out.
    public long sampled() {
        return sampled.sum();
    }

    /// Those that were lost because the spool was full.
    public long spoolFull() {
        return spoolFull.sum();
    }

    /// What they say of requests on their way out.
    public Verdicts verdicts() {
        return verdicts;
    }

    /// How many lines were kept as they are, since they are none of the formats.
    public long unreadable() {
        return unreadable.get();
    }

    // "VirtualService shop/cart": the namespace of the object that routed the request owns its row.
    private static AccessLogEntry.Builder owned(Proxy proxy, AccessLogEntry.Builder row) {
        row.setProxy(proxy.name()).setProxyNamespace(proxy.namespace());
        var object = row.getRouteObject();
        var space = object.indexOf(' ');
        var slash = object.indexOf('/', space + 1);
        return row.setNamespace(slash > space + 1 ? object.substring(space + 1, slash) : proxy.namespace());
    }
}
