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
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;

/// A whole discovery server in memory: resources are set by hand, time passes by hand, gRPC is real.
final class House implements AutoCloseable, InstantSource {

    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private volatile EnvoyResources resources = EnvoyResources.EMPTY;
    private ConfigImage image = ConfigImage.EMPTY;
    final Publisher publisher = new Publisher(HandMade::new, this);
    final Fleet fleet = new Fleet(this);
    final Discovery discovery = new Discovery(publisher, fleet, this);
    private final Server server;
    private final ManagedChannel channel;

    House() throws IOException {
        var name = UUID.randomUUID().toString();
        server = InProcessServerBuilder.forName(name)
                .addService(discovery)
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

    Channel channel() {
        return channel;
    }

    EnvoyResources resources() {
        return resources;
    }

    void publish(UnaryOperator<EnvoyResources> change) {
        resources = change.apply(resources);
        image = image.with(resources.revision(), List.of(), List.of());
        publisher.offer(image);
    }

    void pass(Duration time) {
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
