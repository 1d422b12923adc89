package io.sallyport.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LifecycleTest {

    @Test
    void stopsInTheOppositeOrderEvenWhenOnePartFails() {
        List<String> stopped = new ArrayList<>();
        var lifecycle = new Lifecycle();
        lifecycle.started("store", () -> stopped.add("store"));
        lifecycle.started("broken", () -> {
            throw new IllegalStateException("on purpose");
        });
        lifecycle.started("api", () -> stopped.add("api"));
        lifecycle.close();
        lifecycle.close();
        assertThat(stopped).containsExactly("api", "store");
    }

    @Test
    void stopsAPartAtOnceThatStartsTooLate() {
        List<String> stopped = new ArrayList<>();
        var lifecycle = new Lifecycle();
        lifecycle.close();
        lifecycle.started("late", () -> stopped.add("late"));
        assertThat(stopped).containsExactly("late");
    }
}
