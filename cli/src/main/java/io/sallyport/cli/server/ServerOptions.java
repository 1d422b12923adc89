package io.sallyport.cli.server;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.DataDirectory;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of every command that asks a server.
public final class ServerOptions {

    private static final String LOCAL = "127.0.0.1:15016";

    @Option(
            names = "--server",
            paramLabel = "HOST:PORT",
            description = "The server to ask. Default: the one that \"sallyport up\" runs here.")
    private @Nullable String server;

    @Option(
            names = "--xds-server",
            paramLabel = "HOST:PORT",
            description = "Where xds-service answers, if it runs apart. Default: the same server.")
    private @Nullable String xdsServer;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Where \"sallyport up\" keeps its state. Default: $$SALLYPORT_DATA, else .sallyport.")
    private @Nullable Path data;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "The file with the token. Default: token under --data.")
    private @Nullable Path tokenFile;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "Certificates to trust for a server on another machine. Default: the system's.")
    private @Nullable Path authorities;

    /// Opens a connection through `dialer`. Nothing is sent yet.
    public Connection connect(Dialer dialer) throws CommandFailedException {
        var directory = directory();
        try {
            var address = address(directory);
            var token = tokenFile == null ? directory.token() : DataDirectory.token(tokenFile);
            var channel = dialer.dial(new ServerAddress(address, authorities));
            if (xdsServer == null) {
                return new Connection(channel, channel, new Refusals(address, token.isPresent(), directory), token);
            }
            var apart = address + " and " + checked(xdsServer);
            var xdsChannel = dialer.dial(new ServerAddress(xdsServer, authorities));
            return new Connection(channel, xdsChannel, new Refusals(apart, token.isPresent(), directory), token);
        } catch (IOException unreadable) {
            throw CommandFailedException.unable(unreadable.getMessage() + " (expected: a readable file, see --data)");
        }
    }

    /// The folder of the `up` on this machine.
    public DataDirectory directory() {
        return DataDirectory.of(data, System.getenv());
    }

    private String address(DataDirectory directory) throws IOException, CommandFailedException {
        if (server != null) {
            return checked(server);
        }
        return directory
                .endpoints()
                .map(DataDirectory.Endpoints::api)
                .filter(api -> !api.isEmpty())
                .orElse(LOCAL);
    }

    private static String checked(String server) throws CommandFailedException {
        if (!server.matches("(\\[[0-9a-fA-F:.]+]|[^:/\\s]+):\\d{1,5}")) {
            throw CommandFailedException.unable("server \"" + server + "\" (expected: host:port)");
        }
        return server;
    }
}
