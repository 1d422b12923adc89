/// From Kafka to the store. In come records; out go batches of rows with the offset to read next, and records that
/// nobody can read to a topic of their own.
@NullMarked
package io.sallyport.accesslog.ingest;

import org.jspecify.annotations.NullMarked;
