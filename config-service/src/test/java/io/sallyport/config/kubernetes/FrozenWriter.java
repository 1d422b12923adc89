package io.sallyport.config.kubernetes;

import io.sallyport.cluster.TestCluster;
import io.sallyport.model.Kind;
import java.nio.file.Path;
import java.util.Optional;

/// A writer of status as a process of its own, for tests that freeze it. Prints its first
/// revision, as `r3`, and then the host of the VirtualService `cart` as it has it.
final class FrozenWriter {

    static final String IDENTITY = "frozen";

    private FrozenWriter() {}

    private static String host(Followed followed, String namespace) {
        return followed.text(Kind.VIRTUAL_SERVICE, namespace, "cart")
                .lines()
                .filter(line -> line.endsWith(".test"))
                .findFirst()
                .map(line -> line.substring(line.indexOf('-') + 1).strip())
                .orElse("no host");
    }

    public static void main(String[] arguments) throws Exception {
        var namespace = arguments[1];
        var settings = KubernetesSettings.source(TestCluster.settings(Path.of(arguments[0]), namespace), namespace);
        try (var followed = Followed.start(settings, Path.of(arguments[2])).ready()) {
            followed.log().subscribe(() -> System.out.println(host(followed, namespace)));
            System.out.println("r" + followed.revision());
            followed.write(IDENTITY, Optional.empty());
            // Until it is killed, or the test that started it has ended.
            while (System.in.read() >= 0) {}
        }
    }
}
