package io.sallyport.standalone;

import io.sallyport.accesslog.CollectorServer;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Where the broker's program is: the folder `broker` beside the one with our jars, or what `sallyport.broker`
/// names. In
/// a build before it is packaged: the broker module's own folders.
final class BrokerProgram {

    private static final String PROPERTY = "sallyport.broker";

    private BrokerProgram() {}

    static List<Path> find() throws IOException {
        var named = System.getProperty(PROPERTY);
        if (named != null) {
            return existing(Path.of(named), Path.of(named, "classes"), Path.of(named, "broker"));
        }
        try {
            var ours = Path.of(CollectorServer.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            var folder = ours.resolveSibling("").normalize();
            if (folder.endsWith("lib")) {
                return existing(folder.resolveSibling("broker"));
            }
            // accesslog-collector/target/classes, or a jar in accesslog-collector/target
            var module = folder.resolve("../../broker/target").normalize();
            return existing(module.resolve("classes"), module.resolve("broker"));
        } catch (URISyntaxException e) {
            throw new IOException("the place of Sallyport's own classes cannot be told", e);
        }
    }

    private static List<Path> existing(Path... folders) {
        return Stream.of(folders).filter(Files::isDirectory).toList();
    }
}
