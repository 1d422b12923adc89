/// Between the proxies and the store: a bounded spool on disk, and Kafka. In come rows; out go the same rows
/// as Kafka records, each at least once in the topic and, by its origin, once in the store.
@NullMarked
package io.sallyport.accesslog.queue;

import org.jspecify.annotations.NullMarked;
