package io.sallyport.xds.discovery;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ProxyClass;
import io.sallyport.xds.publish.Publisher;
import io.sallyport.xds.publish.Translation;
import io.sallyport.xds.status.LiveProbe;
import io.sallyport.xds.status.ProxyStatusService;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;

/// A whole discovery server in memory: resources are set by hand, time passes by hand, gRPC is real.
public final class House implements AutoCloseable, InstantSource {

    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private volatile EnvoyResources resources = EnvoyResources.EMPTY;
    private volatile LiveProbe.Proof proof = LiveProbe.Proof.UNKNOWN;
    private ConfigImage image = ConfigImage.EMPTY;
    public final Publisher publisher = new Publisher(HandMade::new, this);
    public final Fleet fleet = new Fleet(this);
    public final Discovery discovery = new Discovery(publisher, fleet, this);
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
    }

    private final class HandMade implements Translation {

        @Override
        public EnvoyResources translate(ConfigImage image, ProxyClass proxies) {
            return resources;
        }

        @Override
        public void forget(ProxyClass proxies) {}
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
        return now;
    }

    @Override
    public void close() {
        channel.shutdownNow();
        server.shutdownNow();
        discovery.close();
        publisher.close();
    }
}
