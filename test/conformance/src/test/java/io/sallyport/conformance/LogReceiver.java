package io.sallyport.conformance;

import com.google.common.io.ByteStreams;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Takes what Envoy streams to log services: Envoy's own protocol, and OpenTelemetry's, whose records are kept as
/// bytes.
final class LogReceiver implements AutoCloseable {

    private static final String ENVOY = "envoy.service.accesslog.v3.AccessLogService";
    private static final String OPEN_TELEMETRY = "opentelemetry.proto.collector.logs.v1.LogsService";

    private final List<StreamAccessLogsMessage> records = new CopyOnWriteArrayList<>();
    private final List<String> telemetry = new CopyOnWriteArrayList<>();
    private final Server server;

    LogReceiver() throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(ServerServiceDefinition.builder(ENVOY)
                        .addMethod(
                                method(ENVOY + "/StreamAccessLogs", MethodType.CLIENT_STREAMING),
                                ServerCalls.asyncClientStreamingCall(this::stream))
                        .build())
                .addService(ServerServiceDefinition.builder(OPEN_TELEMETRY)
                        .addMethod(
                                method(OPEN_TELEMETRY + "/Export", MethodType.UNARY),
                                ServerCalls.asyncUnaryCall(this::export))
                        .build())
                .build()
                .start();
    }

    int port() {
        return server.getPort();
    }

    /// Every message so far; the first of a stream names it.
    List<StreamAccessLogsMessage> records() {
        return List.copyOf(records);
    }

    /// Every export so far, with the bytes that are no text in between.
    List<String> telemetry() {
        return List.copyOf(telemetry);
    }

    private StreamObserver<byte[]> stream(StreamObserver<byte[]> answer) {
        return new StreamObserver<>() {
            @Override
            public void onNext(byte[] message) {
                try {
                    records.add(StreamAccessLogsMessage.parseFrom(message));
                } catch (InvalidProtocolBufferException e) {
                    throw new UncheckedIOException(e);
                }
            }

            @Override
            public void onError(Throwable gone) {
                // The gateway has left, or has another log now.
            }

            @Override
            public void onCompleted() {
                answer.onCompleted();
            }
        };
    }

    private void export(byte[] message, StreamObserver<byte[]> answer) {
        telemetry.add(new String(message, StandardCharsets.ISO_8859_1));
        answer.onNext(new byte[0]);
        answer.onCompleted();
    }

    private static MethodDescriptor<byte[], byte[]> method(String name, MethodType type) {
        return MethodDescriptor.<byte[], byte[]>newBuilder()
                .setFullMethodName(name)
                .setType(type)
                .setRequestMarshaller(new Bytes())
                .setResponseMarshaller(new Bytes())
                .build();
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {

        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return ByteStreams.toByteArray(stream);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
