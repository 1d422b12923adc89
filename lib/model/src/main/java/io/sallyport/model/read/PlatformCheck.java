package io.sallyport.model.read;

import io.sallyport.model.Path;
import io.sallyport.model.Platform;
import java.util.HashSet;
import java.util.Set;

/// What the types of `sallyport.yaml` cannot say: ports in range, names that are names, no proxy twice.
final class PlatformCheck {

    private static final Set<String> DOORS = Set.of("http-proxy", "outbound");
    private static final int HIGHEST_PORT = 65_535;

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
        }
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
