package io.sallyport.runtime.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.StatusRequest;
import io.sallyport.proto.config.v1.StatusResponse;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.metric.Metrics;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GrpcServerTest {

    private static final BearerToken TOKEN = BearerToken.of("0123456789abcdef0123456789abcdef");

    private final Metrics metrics = new Metrics();
    private GrpcServer server;

    @BeforeAll
    void start() throws IOException {
        var limits = new ServerLimits(1 << 20, 16, 1, Duration.ofSeconds(30));
        server = GrpcServer.on(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), limits)
                .with(new TokenInterceptor(TOKEN))
                .measured("api", metrics)
                .serve(new ConfigServiceGrpc.ConfigServiceImplBase() {
                    @Override
                    public void status(StatusRequest request, StreamObserver<StatusResponse> response) {
                        response.onNext(
                                StatusResponse.newBuilder().setRevision(7).build());
                        response.onCompleted();
                    }
                })
                .start("api");
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @Test
    @Tag("V24")
    void letsCallsPassThatCarryTheToken() {
        withChannel(channel -> {
            var config = ConfigServiceGrpc.newBlockingStub(channel);
            assertThatThrownBy(() -> config.status(StatusRequest.getDefaultInstance()))
                    .isInstanceOfSatisfying(
                            StatusRuntimeException.class,
                            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED));
            var wrong = BearerToken.of("0123456789abcdef0123456789abcdee");
            assertThatThrownBy(() ->
                            config.withInterceptors(Channels.bearing(wrong)).status(StatusRequest.getDefaultInstance()))
                    .hasMessageContaining("token missing or wrong");
            var answer = config.withInterceptors(Channels.bearing(TOKEN)).status(StatusRequest.getDefaultInstance());
            assertThat(answer.getRevision()).isEqualTo(7);
        });
    }

    @Test
    void answersHealthWithoutToken() {
        withChannel(channel -> {
            var health = HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance());
            assertThat(health.getStatus()).isEqualTo(ServingStatus.SERVING);
        });
    }

    /// What clients of today ask, and what many still do.
    @ParameterizedTest
    @ValueSource(strings = {"grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"})
    void tellsItsServicesByReflection(String version) {
        var reflection = ServerReflectionGrpc.getServerReflectionInfoMethod().toBuilder()
                .setFullMethodName(version + "/ServerReflectionInfo")
                .build();
        var question = ServerReflectionRequest.newBuilder().setListServices("*").build();
        withChannel(channel -> {
            var answers = ClientCalls.blockingServerStreamingCall(
                    ClientInterceptors.intercept(channel, Channels.bearing(TOKEN)),
                    reflection.toBuilder()
                            .setType(MethodDescriptor.MethodType.SERVER_STREAMING)
                            .build(),
                    CallOptions.DEFAULT,
                    question);
            assertThat(answers.next().getListServicesResponse().getServiceList())
                    .extracting(ServiceResponse::getName)
                    .contains("sallyport.config.v1.ConfigService", version);
        });
    }

    @Test
    void refusesCallsOnOneConnectionTooMany() {
        withChannel(first -> {
            HealthGrpc.newBlockingStub(first).check(HealthCheckRequest.getDefaultInstance());
            withChannel(second -> assertThatThrownBy(
                            () -> HealthGrpc.newBlockingStub(second).check(HealthCheckRequest.getDefaultInstance()))
                    .hasMessageContaining("RESOURCE_EXHAUSTED"));
            HealthGrpc.newBlockingStub(first).check(HealthCheckRequest.getDefaultInstance());
        });
    }

    @Test
    void openConnectionsAreCounted() {
        assertThat(connections()).isZero();
        withChannel(channel -> {
            HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance());
            HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance());

            assertThat(connections()).isEqualTo(1);
        });
        assertThat(connections()).isZero();
    }

    @Test
    void whoFindsItsPortTakenLeavesNoGauge() {
        var other = new Metrics();
        var taken = new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port());

        assertThatThrownBy(() -> GrpcServer.on(taken, ServerLimits.api())
                        .measured("api", other)
                        .start("api"))
                .isInstanceOf(IOException.class);

        assertThat(other.registry().find("sallyport_grpc_connections").gauges()).isEmpty();
        other.close();
    }

    private double connections() {
        return metrics.registry()
                .get("sallyport_grpc_connections")
                .tag("server", "api")
                .gauge()
                .value();
    }

    @Test
    @Tag("H66")
    @Tag("H67")
    void whatIsNotServedIsUnimplementedAndLeavesNoMark() {
        withChannel(channel -> {
            for (var n = 0; n < 500; n++) {
                assertThat(unary(channel, "envoy.service.status.v3.ClientStatusDiscoveryService/M" + n))
                        .isEqualTo(Status.Code.UNIMPLEMENTED);
            }
            for (var name : List.of(
                    "sallyport.config.v1.ConfigService/status",
                    "sallyport.config.v1.ConfigService//Status",
                    "sallyport.config.v1.ConfigService/Status/",
                    "sallyport.config.v1.ConfigService%2fStatus",
                    "sallyport.config.v1.configservice/Status",
                    "sallyport.config.v1.ConfigService/Status?x=1")) {
                assertThat(unary(channel, name)).as(name).isEqualTo(Status.Code.UNIMPLEMENTED);
            }
            assertThatThrownBy(() -> HealthGrpc.newBlockingStub(channel)
                            .check(HealthCheckRequest.newBuilder()
                                    .setService("no.such.Service")
                                    .build()))
                    .hasMessageContaining("NOT_FOUND");
        });

        assertThat(metrics.registry().find("sallyport_grpc_calls").counters())
                .extracting(counter -> counter.getId().getTag("method"))
                .isSubsetOf("grpc.health.v1.Health/Check", "sallyport.config.v1.ConfigService/Status");
    }

    private static Status.Code unary(ManagedChannel channel, String name) {
        var method = MethodDescriptor.<HealthCheckRequest, HealthCheckRequest>newBuilder()
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(name)
                .setRequestMarshaller(ProtoUtils.marshaller(HealthCheckRequest.getDefaultInstance()))
                .setResponseMarshaller(ProtoUtils.marshaller(HealthCheckRequest.getDefaultInstance()))
                .build();
        try {
            ClientCalls.blockingUnaryCall(
                    channel, method, CallOptions.DEFAULT, HealthCheckRequest.getDefaultInstance());
            return Status.Code.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode();
        }
    }

    private interface Use {
        void with(ManagedChannel channel);
    }

    // The server counts a connection until it has seen its end, which one more call of the next test must not meet.
    private synchronized void withChannel(Use use) {
        var before = server.connections();
        var channel = Channels.to("127.0.0.1", server.port());
        try {
            use.with(channel);
        } finally {
            channel.shutdownNow();
            await().until(() -> server.connections() == before);
        }
    }
}
