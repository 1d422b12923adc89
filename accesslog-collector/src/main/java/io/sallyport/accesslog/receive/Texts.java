package io.sallyport.accesslog.receive;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;

/// The fields of a row that hold one text.
final class Texts {

    static final ImmutableList<FieldDescriptor> FIELDS = AccessLogEntry.getDescriptor().getFields().stream()
            .filter(field -> field.getJavaType() == FieldDescriptor.JavaType.STRING && !field.isRepeated())
            .collect(ImmutableList.toImmutableList());

    private Texts() {}
}
