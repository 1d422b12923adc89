package io.sallyport.accesslog.storage;

/// A partition of a topic, as the store names it.
record Place(String topic, int partition) {}
