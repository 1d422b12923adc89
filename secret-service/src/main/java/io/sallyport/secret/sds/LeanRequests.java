package io.sallyport.secret.sds;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.sallyport.runtime.rpc.RequestReaders;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/// Reads requests without the list of extensions that Envoy's node carries: 57 kB of names that nobody asks for, in
/// the first request of each stream, and Envoy opens a stream a secret. With a thousand HTTPS hosts they are half of
/// what a starting Envoy costs here.
record LeanRequests(BindableService service) implements BindableService {

    @Override
    public ServerServiceDefinition bindService() {
        return RequestReaders.changed(service.bindService(), LeanRequests::reader);
    }

    private static <Q> Marshaller<Q> reader(MethodDescriptor<Q, ?> method) {
        var isDelta = "DeltaSecrets".equals(method.getBareMethodName());
        return new Lean<>(
                method.getRequestMarshaller(),
                isDelta ? DeltaDiscoveryRequest.NODE_FIELD_NUMBER : DiscoveryRequest.NODE_FIELD_NUMBER);
    }

    private record Lean<Q>(Marshaller<Q> marshaller, int nodeField) implements Marshaller<Q> {

        @Override
        public InputStream stream(Q value) {
            return marshaller.stream(value);
        }

        @Override
        public Q parse(InputStream stream) {
            try {
                return marshaller.parse(new ByteArrayInputStream(lean(stream.readAllBytes())));
            } catch (IOException e) {
                throw Status.INVALID_ARGUMENT
                        .withDescription("the request cannot be read")
                        .withCause(e)
                        .asRuntimeException();
            }
        }

        private byte[] lean(byte[] request) {
            try {
                return without(request, nodeField, Node.EXTENSIONS_FIELD_NUMBER);
            } catch (IOException unreadable) {
                // Whoever reads the whole says so.
                return request;
            }
        }
    }

    /// The message without the field at the end of a path: `2, 9` is field 9 of the messages in field 2.
    static byte[] without(byte[] message, int... path) throws IOException {
        var bytes = new ByteArrayOutputStream();
        var out = CodedOutputStream.newInstance(bytes);
        var in = CodedInputStream.newInstance(message);
        var start = 0;
        for (var tag = in.readTag(); tag != 0; tag = in.readTag()) {
            var isOnPath = WireFormat.getTagFieldNumber(tag) == path[0];
            if (isOnPath && path.length > 1 && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
                out.writeByteArray(path[0], without(in.readByteArray(), Arrays.copyOfRange(path, 1, path.length)));
            } else {
                in.skipField(tag);
                if (!isOnPath || path.length > 1) {
                    out.writeRawBytes(message, start, in.getTotalBytesRead() - start);
                }
            }
            start = in.getTotalBytesRead();
        }
        out.flush();
        return bytes.toByteArray();
    }
}
