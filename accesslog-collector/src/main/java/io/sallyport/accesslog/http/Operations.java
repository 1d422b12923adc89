package io.sallyport.accesslog.http;

import com.google.common.base.CaseFormat;
import com.google.common.collect.ImmutableSortedMap;
import com.google.protobuf.Descriptors;
import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import io.sallyport.proto.accesslog.v1.AccessLogServiceGrpc;
import java.util.Objects;

/// What there is to ask, by the last part of its path: `search`, `request`, `rules`, `tail`.
final class Operations {

    /// One method of the service.
    ///
    /// @param path `search`
    record Operation(String path, MethodDescriptor<Message, Message> method, Descriptors.MethodDescriptor descriptor) {

        boolean isStream() {
            return method.getType() == MethodDescriptor.MethodType.SERVER_STREAMING;
        }

        Message.Builder request() {
            var marshaller = (MethodDescriptor.PrototypeMarshaller<Message>) method.getRequestMarshaller();
            return Objects.requireNonNull(marshaller.getMessagePrototype()).newBuilderForType();
        }
    }

    static final ImmutableSortedMap<String, Operation> ALL =
            AccessLogServiceGrpc.getServiceDescriptor().getMethods().stream()
                    .map(Operations::operation)
                    .collect(ImmutableSortedMap.toImmutableSortedMap(
                            String::compareTo, Operation::path, operation -> operation));

    private Operations() {}

    static MethodDescriptor<Message, Message> tail() {
        return Objects.requireNonNull(ALL.get("tail")).method();
    }

    // All methods of the service take and give messages.
    @SuppressWarnings("unchecked")
    private static Operation operation(MethodDescriptor<?, ?> method) {
        var supplier = (ProtoMethodDescriptorSupplier) Objects.requireNonNull(method.getSchemaDescriptor());
        var descriptor = supplier.getMethodDescriptor();
        var name = CaseFormat.UPPER_CAMEL.to(CaseFormat.LOWER_HYPHEN, descriptor.getName());
        return new Operation(
                name.replaceFirst("^(list|get)-", ""), (MethodDescriptor<Message, Message>) method, descriptor);
    }
}
