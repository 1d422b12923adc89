package io.sallyport.model;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Marks a field that Istio still reads but asks people to leave. `value` names what to write instead; empty where
/// nothing replaces it.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface DeprecatedField {

    String value() default "";
}
