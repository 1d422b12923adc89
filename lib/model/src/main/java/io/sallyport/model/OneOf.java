package io.sallyport.model;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Says that at most one of the named members of a record may be given: a protobuf `oneof` with its members side by
/// side. The reader refuses two of them.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@Repeatable(OneOf.Groups.class)
public @interface OneOf {

    String[] value();

    /// Several groups on one record.
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.TYPE)
    @interface Groups {
        OneOf[] value();
    }
}
