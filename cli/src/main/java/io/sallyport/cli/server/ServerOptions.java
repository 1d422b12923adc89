package io.sallyport.cli.server;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.DataDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of every command that asks a server.
public final class ServerOptions {

    private static final String LOCAL = "127.0.0.1:15016";

    @Option(
            names = "--server",
            paramLabel = "ADDRESS",
            description =
                    "The server to ask, HOST:PORT or https://HOST:PORT. Default: the one that \"sallyport up\" runs here.")
    private @Nullable String server;

    @Option(
            names = "--xds-server",
            paramLabel = "ADDRESS",
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
            description = "The file with the token. Default: token under --data, for a server on this machine.")
    private @Nullable Path tokenFile;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "Certificates to trust for a server on another machine. Default: the system's.")
    private @Nullable Path authorities;

    @Option(
            names = "--cert",
            paramLabel = "FILE",
            description = "The certificate to show to a server that wants one, with --key.")
    private @Nullable Path certificate;

    @Option(names = "--key", paramLabel = "FILE", description = "The key of --cert.")
    private @Nullable Path key;

    /// Opens a connection through `dialer`. Nothing is sent yet.
    public Connection connect(Dialer dialer) throws CommandFailedException {
        var directory = directory();
        try {
            var address = server(address(directory));
            var token = token(directory, address);
            var channel = dialer.dial(address);
            if (xdsServer == null) {
                var refusals = new Refusals(address, address.hostAndPort(), token.isPresent(), directory);
                return new Connection(channel, channel, refusals, token);
            }
            var apart = server(checked(xdsServer));
            var both = address.hostAndPort() + " and " + apart.hostAndPort();
            return new Connection(
                    channel,
                    dialer.dial(apart),
                    new Refusals(address, both, token.isPresent(), directory),
                    apart.isTls() == address.isTls() ? token : Optional.empty());
        } catch (IOException unreadable) {
            throw CommandFailedException.unable(unreadable.getMessage() + " (expected: a readable file, see --data)");
        }
    }

    private ServerAddress server(String written) {
        return ServerAddress.of(written, authorities, certificate, key);
    }

    // The token of this machine's `up` is nothing for others to see.
    private Optional<String> token(DataDirectory directory, ServerAddress address) throws IOException {
        if (tokenFile != null) {
            return DataDirectory.token(tokenFile);
        }
        return address.isTls() ? Optional.empty() : directory.token();
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
        if (!server.matches("(https://)?(\\[[0-9a-fA-F:.]+]|[^:/\\s]+):\\d{1,5}")) {
            throw CommandFailedException.unable("server \"" + server + "\" (expected: host:port or https://host:port)");
        }
        return server;
    }
}
