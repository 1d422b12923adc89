package io.sallyport.model;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Marks a string, a list of strings, or a map that Istio's CRD refuses to be empty where it is given. The reader
/// reports it, because a record cannot tell an empty string from an absent one.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface NotEmpty {}
