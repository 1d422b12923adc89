package io.sallyport.accesslog.receive;

import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.util.List;

/// Where received rows go: in `up` the spool. Never blocks for longer than a write to a file takes.
@FunctionalInterface
public interface RowSink {

    /// Takes rows of one proxy, in this order; answers how many of the first ones it took. The rest is lost.
    int offer(String proxy, List<AccessLogEntry> rows);
}
