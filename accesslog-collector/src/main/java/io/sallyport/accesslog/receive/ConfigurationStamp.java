package io.sallyport.accesslog.receive;

import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.util.List;

/// Writes into rows what the proxy itself cannot say about its configuration.
@FunctionalInterface
public interface ConfigurationStamp {

    /// Where there is nobody to ask.
    ConfigurationStamp NONE = (_, _) -> {};

    /// Stamps the rows of one message; may wait for a short answer, never for long.
    void stamp(Proxy proxy, List<AccessLogEntry.Builder> rows);
}
