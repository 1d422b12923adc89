package io.sallyport.model.read;

import com.google.common.collect.ImmutableSet;
import io.sallyport.model.Path;
import io.sallyport.model.Platform;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// What the types of `sallyport.yaml` cannot say: ports in range and each taken once, names that are names, no proxy
/// twice.
final class PlatformCheck {

    private static final Set<String> DOORS = Set.of("http-proxy", "outbound");
    private static final int HIGHEST_PORT = 65_535;
    private static final ImmutableSet<String> ALL_ADDRESSES = ImmutableSet.of("0.0.0.0", "::");

    // Who takes which local port at which address, proxy by proxy.
    private static final class Takers {

        private final Map<Integer, Map<String, String>> byPort = new HashMap<>();

        /// The other proxy that has the port already; it keeps it.
        Optional<String> take(int port, String address, String proxy) {
            var byAddress = byPort.computeIfAbsent(port, _ -> new LinkedHashMap<>());
            var earlier = ALL_ADDRESSES.contains(address)
                    ? byAddress.values().stream().findFirst()
                    : Stream.concat(Stream.of(address), ALL_ADDRESSES.stream())
                            .filter(byAddress::containsKey)
                            .map(byAddress::get)
                            .findFirst();
            byAddress.putIfAbsent(address, proxy);
            return earlier.filter(owner -> !owner.equals(proxy));
        }
    }

    private final Report report;

    PlatformCheck(Report report) {
        this.report = report;
    }

    void check(Platform platform, Node.Fields document) {
        var proxies = platform.proxies();
        if (proxies == null) {
            return;
        }
        var seen = new HashSet<String>();
        var takers = new Takers();
        for (var i = 0; i < proxies.size(); i++) {
            var proxy = proxies.get(i);
            var path = Path.of("proxies").index(i);
            var node = TreePath.nearest(document, path);
            if (!seen.add(proxy.namespace() + "/" + proxy.name())) {
                add(path, node, "proxy \"%s/%s\" is declared twice".formatted(proxy.namespace(), proxy.name()));
            }
            checkName(proxy.name(), path.field("name"), document);
            checkName(proxy.namespace(), path.field("namespace"), document);
            checkListen(proxy, path.field("listen"), document);
            checkPorts(proxy, path, document, takers);
        }
    }

    // All run on this machine, where a port has one owner: Envoy would refuse the listener of the second.
    private void checkPorts(Platform.Proxy proxy, Path path, Node.Fields document, Takers takers) {
        var name = proxy.namespace() + "/" + proxy.name();
        if (proxy.kind() == Platform.ProxyKind.sidecar && proxy.listen().isEmpty()) {
            takers.take(Platform.OUTBOUND_PORT, proxy.address(), name)
                    .ifPresent(owner -> add(
                            path,
                            TreePath.nearest(document, path),
                            "sidecar \"%s\" without listen takes port %d, as proxy \"%s\" does (expected: listen with a port of its own, as {http-proxy: 15002})"
                                    .formatted(name, Platform.OUTBOUND_PORT, owner)));
        }
        proxy.listen().forEach((key, port) -> {
            var here = path.field("listen").field(key);
            if (port == 0) {
                return;
            }
            takers.take(port, proxy.address(), name)
                    .ifPresent(owner -> add(
                            here,
                            TreePath.nearest(document, here),
                            "local port %d of proxy \"%s\" is taken by proxy \"%s\" (expected: another port, or another address)"
                                    .formatted(port, name, owner)));
        });
    }

    private void checkName(String name, Path path, Node.Fields document) {
        if (!MetadataReader.isDnsLabel(name)) {
            add(
                    path,
                    TreePath.nearest(document, path),
                    "%s %s (expected: lower-case letters, digits and \"-\", at most 63)"
                            .formatted(path.name(), Words.quote(name)));
        }
    }

    private void checkListen(Platform.Proxy proxy, Path path, Node.Fields document) {
        proxy.listen().forEach((key, port) -> {
            var here = path.field(key);
            var node = TreePath.nearest(document, here);
            if (!DOORS.contains(key) && !isPort(key)) {
                add(
                        here,
                        node,
                        "listen %s (expected: a port from 1 to 65535, \"http-proxy\" or \"outbound\")"
                                .formatted(Words.quote(key)));
            }
            if (port > HIGHEST_PORT) {
                add(here, node, "local port \"%d\" (expected: 0 to 65535, 0 for any)".formatted(port));
            }
        });
    }

    private static boolean isPort(String text) {
        return Scalars.decimal(text)
                .filter(number ->
                        number.bitLength() < 31 && number.intValue() >= 1 && number.intValue() <= HIGHEST_PORT)
                .isPresent();
    }

    private void add(Path path, Node node, String message) {
        report.add(ReadRule.BAD_PLATFORM, path, node, message);
    }
}
