/// Where rows are kept. In come batches of Kafka records with the offset to read next, stored in one
/// transaction; out go the answers to SQL statements that our own query tree was rendered to.
@NullMarked
package io.sallyport.accesslog.storage;

import org.jspecify.annotations.NullMarked;
