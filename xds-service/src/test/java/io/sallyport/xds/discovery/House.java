package io.sallyport.xds.discovery;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.runtime.rpc.ReadableRequests;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ProxyClass;
import io.sallyport.xds.publish.Publisher;
import io.sallyport.xds.publish.Translation;
import io.sallyport.xds.status.LiveProbe;
import io.sallyport.xds.status.ProxyStatusService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// A whole discovery server in memory: resources are set by hand, time passes by hand, gRPC is real.
public final class House implements AutoCloseable, InstantSource {

    // A cluster that sticks is given up sooner, so that tests need not wait for it.
    private static final Pace IMPATIENT = new Pace(
            Pace.DEFAULT.answer(),
            Pace.DEFAULT.order(),
            Pace.DEFAULT.drain(),
            Duration.ofSeconds(4),
            Pace.DEFAULT.lastScopes(),
            Pace.DEFAULT.chunk(),
            Pace.DEFAULT.chunkBytes(),
            Pace.DEFAULT.firstScopesBytes(),
            Pace.DEFAULT.patience(),
            Pace.DEFAULT.backOff(),
            Pace.DEFAULT.maxBackOff());

    private final CountDownLatch over = new CountDownLatch(1);
    private volatile boolean running;
    private @Nullable Server door;
    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private volatile EnvoyResources resources = EnvoyResources.EMPTY;
    private volatile LiveProbe.Proof proof = LiveProbe.Proof.UNKNOWN;
    private ConfigImage image = ConfigImage.EMPTY;
    public Publisher publisher = new Publisher(HandMade::new, this);
    public Fleet fleet = new Fleet(this);
    public Discovery discovery = new Discovery(publisher, fleet, this, IMPATIENT);
    private final Server server;
    private final ManagedChannel channel;

    public House() throws IOException {
        var name = UUID.randomUUID().toString();
        server = InProcessServerBuilder.forName(name)
                .addService(discovery)
                .addService(new ProxyStatusService(publisher, fleet, (node, listeners) -> proof, this))
                .build()
                .start();
        channel = InProcessChannelBuilder.forName(name).build();
        // Nobody comes back from an earlier process any more.
        now = now.plus(Duration.ofMinutes(1));
    }

    /// The status of a process that starts now.
    public ProxyStatusService startedNow(LiveProbe probe) {
        return new ProxyStatusService(publisher, fleet, probe, this);
    }

    private final class HandMade implements Translation {

        @Override
        public EnvoyResources translate(ConfigImage image, ProxyClass proxies) {
            return resources;
        }

        @Override
        public void forget(ProxyClass proxies) {}
    }

    /// Serves real connections too; time runs by itself from here on.
    public void listen(int port) throws IOException {
        running = true;
        door = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .maxInboundMessageSize(16 << 20)
                .addService(ReadableRequests.of(discovery))
                .build()
                .start();
        var ticking = discovery;
        Thread.ofVirtual().start(() -> tick(ticking));
    }

    private void tick(Discovery ticking) {
        try {
            while (ticking == discovery && !over.await(50, TimeUnit.MILLISECONDS)) {
                ticking.tick();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public int port() {
        return door == null ? -1 : door.getPort();
    }

    /// A new process on the same port: nothing is remembered.
    public void restart() throws IOException, InterruptedException {
        int port = port();
        if (door != null) {
            door.shutdownNow().awaitTermination();
        }
        discovery.close();
        publisher.close();
        publisher = new Publisher(HandMade::new, this);
        fleet = new Fleet(this);
        discovery = new Discovery(publisher, fleet, this, IMPATIENT);
        publisher.offer(image);
        listen(port);
    }

    /// How many resources were sent in all, removals included.
    public long sentResources() {
        return discovery.counters().resources();
    }

    public List<Refusal> refusals() {
        return fleet.proxies().stream()
                .flatMap(proxy -> proxy.refused().stream())
                .toList();
    }

    public void awaitRefusal() throws InterruptedException {
        await(() -> !refusals().isEmpty());
    }

    /// Waits until every proxy, and at least one, took the newest revision, what it refused aside.
    public void awaitInSync() throws InterruptedException {
        await(() -> !fleet.proxies().isEmpty()
                && fleet.proxies().stream().allMatch(proxy -> proxy.view().revision() == resources.revision()));
    }

    /// Waits for a fact.
    public void await(BooleanSupplier fact) throws InterruptedException {
        for (int i = 0; !fact.getAsBoolean(); i++) {
            if (i > 3_000) {
                throw new AssertionError("it does not happen: "
                        + fleet.proxies().stream().map(Fleet.Proxy::view).toList() + " " + refusals());
            }
            fleet.await(fleet.moves(), Duration.ofMillis(10));
        }
    }

    public Channel channel() {
        return channel;
    }

    public EnvoyResources resources() {
        return resources;
    }

    public void publish(UnaryOperator<EnvoyResources> change) {
        resources = change.apply(resources);
        image = image.with(resources.revision(), List.of(), List.of());
        publisher.offer(image);
    }

    public void prove(LiveProbe.Proof next) {
        proof = next;
    }

    public void pass(Duration time) {
        now = now.plus(time);
        discovery.tick();
    }

    @Override
    public Instant instant() {
        return running ? InstantSource.system().instant() : now;
    }

    @Override
    public void close() {
        over.countDown();
        if (door != null) {
            door.shutdownNow();
        }
        channel.shutdownNow();
        server.shutdownNow();
        discovery.close();
        publisher.close();
    }
}
