package io.sallyport.xds.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.ResourceType;
import java.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class RefusalsTest {

    private static final EnvoyResource OLD = Made.resource(ResourceType.CLUSTER, "shop", "old");
    private static final EnvoyResource NEW = Made.resource(ResourceType.CLUSTER, "shop", "new");

    private final Refusals refusals = new Refusals();

    /// A refusal of an older version that comes late says nothing about the newer one.
    @Test
    @Tag("V26")
    void whatIsSaidOfOneVersionLeavesTheOtherPresumed() {
        refuse(OLD, true);
        refuse(NEW, true);
        refuse(OLD, false);

        refusals.forgetPresumed(ResourceType.CLUSTER);

        assertThat(refusals.covers(OLD)).isTrue();
        assertThat(refusals.covers(NEW)).isFalse();
    }

    @Test
    @Tag("V26")
    void allThatIsPresumedIsForgotten() {
        refuse(OLD, true);
        refuse(NEW, true);

        refusals.forgetPresumed(ResourceType.ENDPOINTS);
        assertThat(refusals.covers(NEW)).isTrue();
        refusals.forgetPresumed(ResourceType.CLUSTER);

        assertThat(refusals.isEmpty()).isTrue();
    }

    private void refuse(EnvoyResource resource, boolean presumed) {
        refusals.add(resource, null, "no", 1, 2, Instant.EPOCH, presumed);
    }
}
