package io.sallyport.translation.emit;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.ScopedRouteConfiguration;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.sallyport.analysis.Analyzer;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.Translator;
import io.sallyport.translation.link.Images;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The bytes are what we wrote down: `in.yaml` makes `envoy.yaml`, in the cases that have one. `-Dsallyport.golden`
/// writes them.
final class GoldenTest {

    private static final Path CASES = Path.of("src/test/resources/cases");

    static Stream<Path> cases() throws IOException {
        try (var folders = Files.list(CASES)) {
            return folders.filter(folder -> Files.exists(folder.resolve("envoy.yaml"))).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void resourcesAreAsWrittenDown(Path folder) throws IOException {
        var image = new Analyzer().check(Images.image(Files.readString(folder.resolve("in.yaml"))));

        var text = text(new Translator().translate(image, Images.INGRESS));

        var golden = folder.resolve("envoy.yaml");
        if (Boolean.getBoolean("sallyport.golden")) {
            Files.writeString(golden, text);
        }
        assertThat(text).isEqualTo(Files.readString(golden));
    }

    private static String text(EnvoyResources resources) throws InvalidProtocolBufferException {
        var text = new StringBuilder();
        for (var type : ResourceType.values()) {
            for (var resource : resources.all(type).values()) {
                text.append("--- # ")
                        .append(type.acronym())
                        .append(' ')
                        .append(resource.name())
                        .append('\n');
                text.append(ResourceText.of(message(resource)));
            }
        }
        return text.toString();
    }

    private static Message message(EnvoyResource resource) throws InvalidProtocolBufferException {
        return switch (resource.type()) {
            case CLUSTER -> Cluster.parseFrom(resource.bytes());
            case ENDPOINTS -> ClusterLoadAssignment.parseFrom(resource.bytes());
            case EXTENSIONS -> TypedExtensionConfig.parseFrom(resource.bytes());
            case LISTENER -> Listener.parseFrom(resource.bytes());
            case SCOPED_ROUTES -> ScopedRouteConfiguration.parseFrom(resource.bytes());
            case ROUTES -> RouteConfiguration.parseFrom(resource.bytes());
            case SECRET -> Secret.parseFrom(resource.bytes());
        };
    }
}
