package io.sallyport.xds.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.ResourceType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Clients that mean harm or are broken, over real connections, beside a good one.
class HostileClientsTest {

    private static final String GOOD = "router~127.0.0.1~good.shop~shop.svc.cluster.local";

    private final House house;
    private final ManagedChannel channel;

    HostileClientsTest() throws IOException {
        house = new House();
        house.listen(0);
        channel = NettyChannelBuilder.forAddress("127.0.0.1", house.port())
                .usePlaintext()
                .build();
    }

    @AfterEach
    void close() {
        channel.shutdownNow();
        house.close();
    }

    @Test
    @Tag("F19")
    @Tag("H59")
    void aReaderThatNeverReadsHoldsOneNewestStateAndDelaysNobody() throws Exception {
        house.publish(_ -> Made.resources(1, big("l", 1)));
        int readers = Boolean.getBoolean("sallyport.nightly") ? 1_000 : 50;
        for (int i = 0; i < readers; i++) {
            neverReading(i, ResourceType.LISTENER);
        }
        var good = new FakeEnvoy(GOOD);
        good.subscribe(ResourceType.LISTENER);
        good.connect(house.channel());
        int rounds = Boolean.getBoolean("sallyport.nightly") ? 5_000 : 100;
        for (int i = 2; i < rounds; i++) {
            int version = i;
            house.publish(before -> Made.with(before, big("l", version)));
            var wanted = house.resources()
                    .find(ResourceType.LISTENER, "l")
                    .orElseThrow()
                    .version();
            good.until(() -> wanted.equals(good.held(ResourceType.LISTENER).get("l")));
        }

        // Each of them was given its first response and nothing since.
        assertThat(house.sentResources() - good.received().size()).isLessThanOrEqualTo(readers);
        good.close();
    }

    @Test
    @Tag("H59")
    void readersThatNeverReadDoNotKeepOthersFromTheirFirstTable() throws Exception {
        var table = IntStream.range(0, 2 * Ferry.HEAVY)
                .mapToObj(i -> Made.resource(ResourceType.SCOPED_ROUTES, "s" + i, "x".repeat(1_000) + i))
                .toArray(EnvoyResource[]::new);
        house.publish(_ -> Made.resources(1, table));
        for (int i = 0; i < 40; i++) {
            neverReading(i, ResourceType.SCOPED_ROUTES);
        }
        var good = new FakeEnvoy(GOOD);
        good.subscribe(ResourceType.SCOPED_ROUTES);
        good.connect(house.channel());

        good.until(() -> good.held(ResourceType.SCOPED_ROUTES).size() == table.length);
    }

    @Test
    @Tag("F18")
    void onlyAFewWholeTablesAreUnderWayHoweverLongOthersWaited() throws Exception {
        try (var still = new House()) {
            var table = IntStream.range(0, 2 * Ferry.HEAVY)
                    .mapToObj(i -> Made.resource(ResourceType.SCOPED_ROUTES, "s" + i, "1"))
                    .toArray(EnvoyResource[]::new);
            var resources = Made.with(Made.resources(1, table), Made.resource(ResourceType.LISTENER, "l", "1"));
            still.publish(_ -> resources);
            for (int i = 0; i < 12; i++) {
                neverReading(still.channel(), i, ResourceType.SCOPED_ROUTES).request(1);
            }
            for (int tables = 3; tables <= 12; tables += 3) {
                var sent = (tables / 3 - 1) + (long) tables * table.length;
                still.await(() -> {
                    still.discovery.tick();
                    return still.sentResources() >= sent;
                });
                var good = new FakeEnvoy(GOOD);
                good.subscribe(ResourceType.LISTENER);
                good.connect(still.channel());
                good.untilHolds(ResourceType.LISTENER, "l");
                good.close();
                // The rest have waited for ten seconds and more, and one listener is good's.
                assertThat(still.sentResources()).isEqualTo(sent + 1);
                still.pass(Duration.ofSeconds(10));
            }
        }
    }

    @Test
    @Tag("H56")
    void aProxyThatRefusesEverythingHarmsItselfAlone() throws Exception {
        house.publish(_ -> Made.resources(
                1, Made.resource(ResourceType.LISTENER, "a", "1"), Made.resource(ResourceType.LISTENER, "b", "1")));
        var refusing = new FakeEnvoy("router~127.0.0.2~good.shop~shop.svc.cluster.local").judging(_ -> "never");
        refusing.subscribe(ResourceType.LISTENER);
        refusing.connect(house.channel());
        refusing.until(() -> refusing.received().size() >= 3);
        var good = new FakeEnvoy(GOOD);
        good.subscribe(ResourceType.LISTENER);
        good.connect(house.channel());

        good.untilHolds(ResourceType.LISTENER, "a", "b");

        house.publish(before -> Made.with(before, Made.resource(ResourceType.LISTENER, "c", "1")));
        good.untilHolds(ResourceType.LISTENER, "a", "b", "c");
    }

    @Test
    @Tag("H61")
    void bytesThatAreNoRequestEndThatStreamAlone() throws Exception {
        house.publish(_ -> Made.resources(1, Made.resource(ResourceType.LISTENER, "a", "1")));
        var nested = new byte[200_000];
        // 100,000 groups, one in another.
        Arrays.fill(nested, 0, 100_000, (byte) 0xfb);
        Arrays.fill(nested, 100_000, 200_000, (byte) 0x01);
        for (var bytes : new byte[][] {
            {(byte) 0xff, (byte) 0xff, (byte) 0xff},
            {0x12, 0x7f, 0x01},
            {0x12, 0x02, (byte) 0xc3, 0x28},
            {0x08, 0x01, 0x12, 0x03},
            nested
        }) {
            assertThat(raw(bytes, null).getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        }
        var good = new FakeEnvoy(GOOD);
        good.subscribe(ResourceType.LISTENER);
        good.connect(channel);

        good.untilHolds(ResourceType.LISTENER, "a");
    }

    @Test
    @Tag("H62")
    void aMessageBeyondTheBoundIsRefusedWhileItIsInflated() throws Exception {
        house.publish(_ -> Made.resources(1));

        // One unknown field of 256 MiB, which are 256 KiB on the wire.
        var bomb = new byte[(256 << 20) + 7];
        System.arraycopy(
                new byte[] {(byte) 0xc2, 0x3e, (byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80, 0x01},
                0,
                bomb,
                0,
                7);
        assertThat(raw(bomb, "gzip").getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        // Netty resets the stream before gRPC can say why.
        assertThat(raw(new byte[(16 << 20) + 1], null).getCode())
                .isIn(Status.Code.RESOURCE_EXHAUSTED, Status.Code.CANCELLED);
        var good = new FakeEnvoy(GOOD);
        good.subscribe(ResourceType.LISTENER);
        good.connect(channel);
        good.until(() -> good.received().size() == 1);
    }

    private void neverReading(int number, ResourceType type) {
        neverReading(channel, number, type);
    }

    private static ClientCall<?, ?> neverReading(Channel channel, int number, ResourceType type) {
        var call = channel.newCall(
                AggregatedDiscoveryServiceGrpc.getDeltaAggregatedResourcesMethod(), CallOptions.DEFAULT);
        call.start(new ClientCall.Listener<>() {}, new Metadata());
        call.sendMessage(DeltaDiscoveryRequest.newBuilder()
                .setNode(FakeEnvoy.node(
                        "router~10.0." + number / 250 + "." + number % 250 + "~slow.shop~shop.svc.cluster.local",
                        java.util.Map.of()))
                .setTypeUrl(type.url())
                .build());
        return call;
    }

    // Sends bytes as a request and says how the stream ends.
    private Status raw(byte[] bytes, @org.jspecify.annotations.Nullable String compressor) throws InterruptedException {
        var method = AggregatedDiscoveryServiceGrpc.getDeltaAggregatedResourcesMethod().toBuilder(
                        new Bytes(),
                        AggregatedDiscoveryServiceGrpc.getDeltaAggregatedResourcesMethod()
                                .getResponseMarshaller())
                .build();
        BlockingQueue<Status> end = new LinkedBlockingQueue<>();
        var options = compressor == null ? CallOptions.DEFAULT : CallOptions.DEFAULT.withCompression(compressor);
        ClientCall<byte[], DeltaDiscoveryResponse> call = channel.newCall(method, options);
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        end.add(status);
                    }
                },
                new Metadata());
        call.request(1);
        call.sendMessage(bytes);
        var status = end.poll(30, TimeUnit.SECONDS);
        if (status == null) {
            throw new AssertionError("the stream goes on");
        }
        return status;
    }

    private static EnvoyResource big(String name, int version) {
        return Made.resource(ResourceType.LISTENER, name, version + "x".repeat(100_000));
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {

        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try (var copy = new ByteArrayOutputStream()) {
                stream.transferTo(copy);
                return copy.toByteArray();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
