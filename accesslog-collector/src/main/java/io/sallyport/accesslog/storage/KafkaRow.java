package io.sallyport.accesslog.storage;

import io.sallyport.proto.accesslog.v1.AccessLogEntry;

/// A row with its identity.
public record KafkaRow(int partition, long offset, AccessLogEntry entry) {}
