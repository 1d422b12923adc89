package io.sallyport.standalone.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.Timestamps;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogCommon;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.service.accesslog.v3.AccessLogServiceGrpc.AccessLogServiceStub;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsResponse;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.sallyport.accesslog.CollectorServer;
import io.sallyport.accesslog.CollectorSettings;
import io.sallyport.accesslog.config.ConfigurationSource;
import io.sallyport.proto.accesslog.v1.AccessLogServiceGrpc;
import io.sallyport.proto.accesslog.v1.SearchRequest;
import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.metric.Metrics;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.runtime.telemetry.TraceSettings;
import io.sallyport.runtime.telemetry.Tracing;
import io.sallyport.standalone.telemetry.TraceReceiver.Seen;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A row's way is one trace, from the proxy's stream through a real Kafka to the store; so is a question.
@Timeout(180)
class RowTraceTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

    private static final List<Path> BROKER =
            List.of(Path.of("../broker/target/classes"), Path.of("../broker/target/broker"));

    @TempDir
    Path folder;

    @Test
    void aRowIsFollowedIntoTheStoreAndSoIsAQuestionAboutIt() throws Exception {
        try (var receiver = new TraceReceiver();
                var lifecycle = new Lifecycle()) {
            var settings = new TraceSettings(Optional.of(receiver.endpoint()), 1, Optional.empty());
            var tracing = lifecycle.started("traces", Tracing.start(settings, new Metrics().registry()));
            var collector = lifecycle.started(
                    "collector",
                    CollectorServer.start(
                            CollectorSettings.below(folder, BROKER),
                            ConfigurationSource.NONE,
                            InstantSource.system(),
                            new SecureRandom(),
                            tracing.of("sallyport-accesslog")));
            var services = new ArrayList<>(collector.receiver());
            services.addAll(collector.api());
            lifecycle.started(
                    "door", GrpcServer.inProcess("row-traces").serve(services).start("all"));
            var channel = Channels.inProcess("row-traces");
            lifecycle.started("channel", channel::shutdownNow);

            var stream = newStub(channel).streamAccessLogs(new Nothing());
            // Once more until one came through whole: a busy machine may cost spans.
            await("a whole trace")
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> {
                        stream.onNext(rows(3));
                        return stored(receiver).isPresent();
                    });

            var store = stored(receiver).orElseThrow();
            var taken = span(receiver, "accesslog.receive", span -> span.id().equals(store.parent()))
                    .orElseThrow();
            var kafka = span(receiver, "accesslog.kafka", span -> span.parent().equals(store.parent()))
                    .orElseThrow();
            assertThat(taken.service()).isEqualTo("sallyport-accesslog");
            assertThat(taken.attributes())
                    .containsEntry("sallyport.proxy", "istio-system/edge")
                    .containsEntry("sallyport.rows", "3");
            assertThat(store.trace()).isEqualTo(taken.trace()).isEqualTo(kafka.trace());
            assertThat(store.failed()).isFalse();

            var header = new Metadata();
            header.put(
                    Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER),
                    "00-" + TRACE + "-00f067aa0ba902b7-01");
            var questions = AccessLogServiceGrpc.newBlockingStub(channel)
                    .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(header));
            await("the question")
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofSeconds(1))
                    .until(() -> {
                        questions.search(SearchRequest.getDefaultInstance());
                        return span(
                                        receiver,
                                        "sallyport.accesslog.v1.AccessLogService/Search",
                                        span -> span.trace().equals(TRACE))
                                .isPresent();
                    });
            stream.onCompleted();
        }
    }

    // A stored batch whose trace has all its parts.
    private static Optional<Seen> stored(TraceReceiver receiver) {
        return span(
                receiver,
                "accesslog.store",
                store -> span(receiver, "accesslog.receive", span -> span.id().equals(store.parent()))
                                .isPresent()
                        && span(
                                        receiver,
                                        "accesslog.kafka",
                                        span -> span.parent().equals(store.parent()))
                                .isPresent());
    }

    private static Optional<Seen> span(TraceReceiver receiver, String name, Predicate<Seen> isIt) {
        return receiver.spans().stream()
                .filter(span -> span.name().equals(name))
                .filter(isIt)
                .findFirst();
    }

    private static AccessLogServiceStub newStub(io.grpc.Channel channel) {
        return io.envoyproxy.envoy.service.accesslog.v3.AccessLogServiceGrpc.newStub(channel);
    }

    private static StreamAccessLogsMessage rows(int count) {
        var now = Timestamps.fromMillis(InstantSource.system().millis());
        var message = StreamAccessLogsMessage.newBuilder();
        message.getIdentifierBuilder()
                .setNode(Node.newBuilder()
                        .setId("router~127.0.0.1~edge.istio-system~istio-system.svc.cluster.local")
                        .setMetadata(Struct.newBuilder()
                                .putFields(
                                        "NAMESPACE",
                                        Value.newBuilder()
                                                .setStringValue("istio-system")
                                                .build())));
        for (var i = 0; i < count; i++) {
            message.getHttpLogsBuilder()
                    .addLogEntry(HTTPAccessLogEntry.newBuilder()
                            .setCommonProperties(AccessLogCommon.newBuilder().setStartTime(now)));
        }
        return message.build();
    }

    /// Hears what the service answers, which is nothing.
    private static final class Nothing implements StreamObserver<StreamAccessLogsResponse> {

        @Override
        public void onNext(StreamAccessLogsResponse response) {}

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}
    }
}
