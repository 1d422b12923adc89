package io.sallyport.standalone.telemetry;

import static org.awaitility.Awaitility.await;

import io.grpc.stub.StreamObserver;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.runtime.rpc.ServerLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/// An OpenTelemetry collector that keeps the spans it is sent.
final class TraceReceiver extends TraceServiceGrpc.TraceServiceImplBase implements AutoCloseable {

    /// One span as the collector sees it.
    record Seen(
            String service,
            String name,
            String trace,
            String id,
            String parent,
            boolean failed,
            String message,
            Map<String, String> attributes) {}

    private final List<Seen> spans = new CopyOnWriteArrayList<>();
    private final GrpcServer door;

    TraceReceiver() throws IOException {
        door = GrpcServer.on(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), ServerLimits.api())
                .serve(this)
                .start("otlp");
    }

    String endpoint() {
        return "http://127.0.0.1:" + door.port();
    }

    @Override
    public void export(ExportTraceServiceRequest request, StreamObserver<ExportTraceServiceResponse> answer) {
        for (var resource : request.getResourceSpansList()) {
            var service = attributes(resource.getResource().getAttributesList()).getOrDefault("service.name", "");
            for (var scope : resource.getScopeSpansList()) {
                for (var span : scope.getSpansList()) {
                    spans.add(new Seen(
                            service,
                            span.getName(),
                            HexFormat.of().formatHex(span.getTraceId().toByteArray()),
                            HexFormat.of().formatHex(span.getSpanId().toByteArray()),
                            HexFormat.of().formatHex(span.getParentSpanId().toByteArray()),
                            span.getStatus().getCode() == StatusCode.STATUS_CODE_ERROR,
                            span.getStatus().getMessage(),
                            attributes(span.getAttributesList())));
                }
            }
        }
        answer.onNext(ExportTraceServiceResponse.getDefaultInstance());
        answer.onCompleted();
    }

    private static Map<String, String> attributes(List<KeyValue> pairs) {
        var attributes = new TreeMap<String, String>();
        for (var pair : pairs) {
            var value = pair.getValue();
            attributes.put(
                    pair.getKey(), value.hasIntValue() ? String.valueOf(value.getIntValue()) : value.getStringValue());
        }
        return attributes;
    }

    List<Seen> spans() {
        return List.copyOf(spans);
    }

    /// The first span of this kind, which has to come within 20 seconds.
    Seen await1(String what, Predicate<Seen> isIt) {
        await(what)
                .atMost(Duration.ofSeconds(20))
                .failFast(() -> Thread.currentThread().isInterrupted())
                .untilAsserted(() -> org.assertj.core.api.Assertions.assertThat(spans)
                        .as(what)
                        .anyMatch(isIt));
        return spans.stream().filter(isIt).findFirst().orElseThrow();
    }

    @Override
    public void close() {
        door.close();
    }
}
