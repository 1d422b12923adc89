package io.sallyport.accesslog.storage;

import io.sallyport.proto.accesslog.v1.AccessLogEntry;

/// A row with its identity.
///
/// @param topic under whose name a store keeps it; `""` where that is not known, or said otherwise
public record KafkaRow(String topic, int partition, long offset, AccessLogEntry entry) {

    /// A row whose topic is said for all rows together, or not known.
    public KafkaRow(int partition, long offset, AccessLogEntry entry) {
        this("", partition, offset, entry);
    }
}
