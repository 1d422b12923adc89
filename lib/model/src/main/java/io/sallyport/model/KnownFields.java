package io.sallyport.model;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Names the fields of a message that are read by name and kept as free [Value]s, because they change nothing that
/// Envoy is told. The member is an `ImmutableSortedMap<String, Value>`; any other unknown name stays an error.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface KnownFields {

    String[] value();
}
