package io.sallyport.accesslog.storage;

/// Which topic of which Kafka rows came from: a name says neither, since a topic can be deleted and made anew, and an
/// address can lead to another cluster.
///
/// @param cluster as Kafka names itself
/// @param id of the topic, which no other topic ever has
public record TopicIdentity(String cluster, String id) {}
