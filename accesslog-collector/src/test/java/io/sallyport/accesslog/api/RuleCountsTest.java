package io.sallyport.accesslog.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Timestamps;
import io.sallyport.accesslog.config.ConfigurationSource;
import io.sallyport.accesslog.config.RuleList;
import io.sallyport.accesslog.query.Condition;
import io.sallyport.accesslog.query.Questions;
import io.sallyport.accesslog.query.Selection;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.accesslog.v1.ListRulesResponse;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuleCountsTest {

    @TempDir
    Path folder;

    @Test
    void anObjectOfAnotherKindIsGoneOnlyIfItIs() throws Exception {
        var objects = List.of(
                "VirtualService shop/gone",
                "ServiceEntry shop/catalogue",
                "ServiceEntry shop/gone",
                "HTTPRoute shop/cart",
                "Claimed shop/kind");
        try (var store = DuckStore.open(DuckSettings.local(folder), () -> Rows.START, KafkaSettings.TOPIC)) {
            var rows = new ArrayList<KafkaRow>();
            for (var object : objects) {
                rows.add(new KafkaRow(
                        0,
                        rows.size(),
                        AccessLogEntry.newBuilder()
                                .setStartTime(Timestamps.fromMillis(Rows.START.toEpochMilli()))
                                .setKind("http")
                                .setWeight(1)
                                .setRouteObject(object)
                                .setRule("hosts[0]")
                                .build()));
            }
            store.append(KafkaSettings.TOPIC, rows, Map.of(0, (long) rows.size()));
            var from = Rows.START.getEpochSecond() * 1_000_000;
            var all = new Selection(new Condition.All(List.of()), from, from + 1_000_000, Optional.empty());

            var found = new RuleCounts(new RuleList(new Present()), new Questions(store)).count(all);

            assertThat(found.getRulesList())
                    .filteredOn(ListRulesResponse.Rule::getPresent)
                    .extracting(ListRulesResponse.Rule::getObject)
                    .containsExactlyInAnyOrder("ServiceEntry shop/catalogue", "HTTPRoute shop/cart");
            assertThat(found.getRulesList()).hasSize(objects.size());
        }
    }

    /// Has one object of each kind that it knows, and refuses to be asked for a kind that nobody has.
    private static final class Present implements ConfigurationSource {

        private static final Map<String, String> OBJECTS = Map.of("ServiceEntry", "catalogue", "HTTPRoute", "cart");

        @Override
        public List<Resource> object(String kind, String namespace, String name, OptionalLong revision) {
            return List.of();
        }

        @Override
        public List<Running> running() {
            return List.of();
        }

        @Override
        public List<Certificate> certificates(String namespace) {
            return List.of();
        }

        @Override
        public List<Resource> all(String kind, int limit) {
            assertThat(kind).isNotEqualTo("Claimed");
            var name = OBJECTS.get(kind);
            return name == null
                    ? List.of()
                    : List.of(Resource.newBuilder()
                            .setRef(ResourceRef.newBuilder()
                                    .setKind(kind)
                                    .setNamespace("shop")
                                    .setName(name))
                            .build());
        }
    }
}
