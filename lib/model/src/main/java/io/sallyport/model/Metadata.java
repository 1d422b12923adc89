package io.sallyport.model;

import java.time.Instant;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The part of `metadata` that has an effect. `apiVersion` is kept because Envoy's route metadata names it.
public record Metadata(
        String apiVersion,
        SortedMap<String, String> labels,
        SortedMap<String, String> annotations,
        @Nullable Instant creationTimestamp) {

    public Metadata {
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
        annotations = Collections.unmodifiableSortedMap(new TreeMap<>(annotations));
    }
}
