package io.sallyport.accesslog.ingest;

import com.google.protobuf.InvalidProtocolBufferException;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/// What a record of Kafka has to be.
final class Records {

    // Kafka bounds what it stores, and that is compressed.
    private static final int MAX_RECORD = 1 << 20;

    private Records() {}

    /// The row in a record; an error says what is there instead.
    static AccessLogEntry entry(ConsumerRecord<byte[], byte[]> record) throws InvalidProtocolBufferException {
        if (record.value() == null || record.value().length == 0) {
            throw new InvalidProtocolBufferException("empty record");
        }
        if (record.value().length > MAX_RECORD) {
            throw new InvalidProtocolBufferException(
                    record.value().length + " bytes (expected: at most " + MAX_RECORD + ")");
        }
        var entry = AccessLogEntry.parseFrom(record.value());
        if (!entry.hasStartTime() || entry.getKind().isEmpty()) {
            throw new InvalidProtocolBufferException("not an access log entry");
        }
        return entry;
    }
}
