package io.sallyport.model;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Marks an integer that is unsigned in Istio's protobuf: an `int` takes 0 to 2,147,483,647, a `long` 0 to
/// 4,294,967,295. Nothing is ever wrapped.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Unsigned {}
