package io.sallyport.runtime.rpc;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;

/// Has the requests of a service read in another way. Handlers and names stay, and reflection goes on showing it.
public final class RequestReaders {

    private RequestReaders() {}

    /// How requests of one method are read instead.
    public interface Reader {

        /// Most likely the method's own marshaller with something around it.
        <Q> Marshaller<Q> of(MethodDescriptor<Q, ?> method);
    }

    /// The service with all its requests read by `reader`.
    public static ServerServiceDefinition changed(ServerServiceDefinition service, Reader reader) {
        var methods = service.getMethods().stream()
                .<ServerMethodDefinition<?, ?>>map(method -> changed(method, reader))
                .toList();
        var descriptor = ServiceDescriptor.newBuilder(
                        service.getServiceDescriptor().getName())
                .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
        methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
        var changed = ServerServiceDefinition.builder(descriptor.build());
        methods.forEach(changed::addMethod);
        return changed.build();
    }

    private static <Q, R> ServerMethodDefinition<Q, R> changed(ServerMethodDefinition<Q, R> method, Reader reader) {
        var descriptor = method.getMethodDescriptor();
        return ServerMethodDefinition.create(
                descriptor.toBuilder()
                        .setRequestMarshaller(reader.of(descriptor))
                        .build(),
                method.getServerCallHandler());
    }
}
