package io.sallyport.standalone.names;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Who is asked, each time anew: a machine that moves to another network gets other name servers.
@FunctionalInterface
public interface NameServers {

    List<InetSocketAddress> now();

    /// Those of `/etc/resolv.conf`, or of a file like it. Without any, one is expected at this machine's port
    /// 53, as all resolvers do.
    static NameServers of(Path resolvConf) {
        return () -> {
            try (var lines = Files.lines(resolvConf)) {
                var found = lines.map(String::strip)
                        .filter(line -> line.startsWith("nameserver ") || line.startsWith("nameserver\t"))
                        .map(line -> line.substring("nameserver".length()).strip())
                        .flatMap(NameServers::literal)
                        .limit(MAX)
                        .toList();
                return found.isEmpty() ? LOCAL : found;
            } catch (IOException e) {
                return LOCAL;
            }
        };
    }

    /// As many as resolvers read.
    int MAX = 3;

    int PORT = 53;

    List<InetSocketAddress> LOCAL = List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), PORT));

    private static Stream<InetSocketAddress> literal(String address) {
        try {
            return Stream.of(new InetSocketAddress(InetAddress.ofLiteral(address), PORT));
        } catch (IllegalArgumentException e) {
            return Stream.empty();
        }
    }
}
