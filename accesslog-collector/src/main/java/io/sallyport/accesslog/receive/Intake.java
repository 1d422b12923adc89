package io.sallyport.accesslog.receive;

import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/// The one way in for rows, whichever door they came through: tidies them, says whose they are, hands them to the
/// spool and keeps the ledger of what became of them.
public final class Intake {

    /// The cause of a loss: the disk spool had no room left, because Kafka has been away for too long.
    public static final String SPOOL_FULL = "spool_full";

    private final RowSink sink;
    private final Ledger ledger;
    private final InstantSource clock;
    private final ConfigurationStamp stamp;

    public Intake(RowSink sink, Ledger ledger, InstantSource clock) {
        this(sink, ledger, clock, ConfigurationStamp.NONE);
    }

    public Intake(RowSink sink, Ledger ledger, InstantSource clock, ConfigurationStamp stamp) {
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
            ready.add(owned(proxy, row).build());
        }
        var taken = sink.offer(proxy.toString(), ready);
        for (var i = 0; i < ready.size(); i++) {
            ledger.received(proxy, ready.get(i).getStartTime().getSeconds());
            if (i >= taken) {
                ledger.lost(proxy, ready.get(i).getStartTime().getSeconds(), SPOOL_FULL);
            }
        }
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
