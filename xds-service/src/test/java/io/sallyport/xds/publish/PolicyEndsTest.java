package io.sallyport.xds.publish;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.Inspections;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.read.YamlReader;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceType;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// An EgressPolicy ends at its moment, although nobody changes anything.
@Tag("P14")
class PolicyEndsTest {

    private static final Instant END = Instant.parse("2027-06-30T12:00:00Z");
    private static final ProxyClass CLIENT = new ProxyClass(
            ProxyClass.Role.SIDECAR,
            "shop",
            "",
            new TreeMap<>(Map.of("app", "cart")),
            new TreeMap<>(),
            "0.0.0.0",
            true);
    private static final String YAML = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {namespace: istio-system, name: istio}
            data:
              mesh: |
                outboundTrafficPolicy: {mode: REGISTRY_ONLY}
            ---
            apiVersion: sallyport.io/v1alpha1
            kind: EgressPolicy
            metadata: {namespace: shop, name: pay}
            spec:
              hosts: [api.example.com]
              ports: [{number: 80, protocol: HTTP}]
              expires: "2027-06-30T12:00:00Z"
            """;

    private final BlockingQueue<Boolean> wakes = new LinkedBlockingQueue<>();
    private final AtomicReference<Instant> now = new AtomicReference<>(END.minusMillis(1));
    private final Publisher publisher =
            new Publisher(() -> new JudgedTranslation(new Inspections(), now::get), now::get);

    @AfterEach
    void close() {
        publisher.close();
    }

    @Test
    void whatItLetsOutIsTakenAwayWithItsLastMoment() throws Exception {
        var board = publisher.join(CLIENT, () -> wakes.add(true)).orElseThrow();
        publisher.offer(image());
        var before = next(board, 1);
        assertThat(before.resources().all(ResourceType.CLUSTER)).containsKey("outbound|80||api.example.com");

        publisher.tick();
        now.set(END);

        var after = next(board, before.sequence() + 1);
        assertThat(after.revision()).isEqualTo(before.revision());
        assertThat(after.resources().all(ResourceType.CLUSTER)).doesNotContainKey("outbound|80||api.example.com");
        assertThat(after.resources().all(ResourceType.CLUSTER)).containsKey("BlackHoleCluster");
    }

    // Ticks as its server does: one tick may come before the publisher has noted when to look again.
    private Snapshot next(Board board, long sequence) throws InterruptedException {
        for (int looks = 0; looks < 1_000; looks++) {
            publisher.tick();
            var newest = board.newest();
            if (newest != null && newest.sequence() >= sequence) {
                return newest;
            }
            wakes.poll(100, TimeUnit.MILLISECONDS);
        }
        var newest = board.newest();
        throw new AssertionError(
                "no snapshot " + sequence + ", but " + (newest == null ? "none at all" : newest.sequence()));
    }

    private static ConfigImage image() {
        var objects = new ArrayList<ConfigObject<?>>();
        new YamlReader()
                .read("in.yaml", YAML.getBytes(StandardCharsets.UTF_8))
                .objects()
                .forEach(objects::add);
        return ConfigImage.EMPTY.with(1, objects, List.of());
    }
}
