package io.sallyport.config;

import io.sallyport.config.api.WatchBounds;
import io.sallyport.config.source.DirectoryListener;
import io.sallyport.config.store.StoreSettings;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.runtime.rpc.ServerLimits;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;

/// config-service as a process of its own, for tests that kill it. Prints its port when it serves.
final class ServedConfig {

    private ServedConfig() {}

    public static void main(String[] arguments) throws Exception {
        var settings = new ConfigSettings(
                new StoreSettings.Sqlite(Path.of(arguments[0])),
                Optional.empty(),
                Optional.empty(),
                WatchBounds.DEFAULT);
        var config = ConfigServer.start(settings, DirectoryListener.SILENT, InstantSource.system());
        var server = GrpcServer.on(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), ServerLimits.api())
                .serve(config.services())
                .start("config");
        System.out.println(server.port());
        // Until it is killed, or the test that started it has ended.
        while (System.in.read() >= 0) {}
        server.close();
        config.close();
    }
}
