package io.sallyport.config.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.sallyport.analysis.Inspections;
import io.sallyport.config.YamlDocuments;
import io.sallyport.config.api.Wire;
import io.sallyport.config.testing.Stores;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.SourceDocument;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A store that an earlier build wrote (`store-v1.sql`, never to be rewritten while anybody runs that build)
/// opens, goes on, and is left as that build knows it. A new schema brings a dump of its own beside this one.
@Tag("F23")
class UpgradeDowngrade {

    private static final Path EARLIER = Path.of("src/test/resources/io/sallyport/config/store/store-v1.sql");
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2026-06-01T12:00:00Z"));

    @TempDir
    Path folder;

    private final YamlDocuments reader = new YamlDocuments(new Inspections());

    private RevisionLog open(Path where) throws Exception {
        return RevisionLog.open(Stores.sqlite(where), reader, Wire::answer, CLOCK);
    }

    private void submit(RevisionLog log, String name, String host) throws Exception {
        var text = """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: %s, namespace: shop}
                spec: {hosts: [%s], http: [{route: [{destination: {host: cart}}]}]}
                """.formatted(name, host);
        var document = reader.read(new SourceDocument(name + ".yaml", 1, 0, text, "digest of " + host));
        log.submit(ChangeRequest.of(
                Owner.API, "ada", "to " + host, List.of(document.object().orElseThrow()), List.of()));
    }

    private static ObjectRef ref(String name) {
        return new ObjectRef(Kind.VIRTUAL_SERVICE, "shop", name);
    }

    // As the build of today writes it, with -Dgolden.rewrite=true.
    private void dump() throws Exception {
        var fresh = folder.resolve("fresh");
        try (var log = open(fresh)) {
            submit(log, "cart", "cart.test");
            submit(log, "list", "list.test");
            submit(log, "cart", "basket.test");
            log.submit(ChangeRequest.of(Owner.API, "ada", "list goes", List.of(), List.of(ref("list"))));
        }
        var sqlite = new ProcessBuilder("sqlite3", fresh.resolve("config.db").toString(), ".dump")
                .redirectOutput(EARLIER.toFile())
                .start();
        assertThat(sqlite.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(sqlite.exitValue()).isZero();
    }

    // Each table with its columns, as a build finds them.
    private static List<String> tables(Path database) throws Exception {
        var tables = new TreeMap<String, String>();
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + database);
                var statement = connection.createStatement();
                var rows = statement.executeQuery("select name, sql from sqlite_master where sql is not null")) {
            while (rows.next()) {
                tables.put(rows.getString(1), rows.getString(2));
            }
        }
        return tables.entrySet().stream()
                .map(table -> table.getKey() + ": " + table.getValue())
                .toList();
    }

    @Test
    void storeOfAnEarlierBuildOpensGoesOnAndStaysReadableByIt() throws Exception {
        if (Boolean.getBoolean("golden.rewrite")) {
            dump();
        }
        var database = folder.resolve("config.db");
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + database);
                var statement = connection.createStatement()) {
            statement.executeUpdate(Files.readString(EARLIER));
        }
        var before = tables(database);

        try (var log = open(folder)) {
            log.awaitJudged();
            assertThat(log.published().state().revision()).isEqualTo(4);
            assertThat(log.published()
                            .state()
                            .find(ref("cart"))
                            .orElseThrow()
                            .source()
                            .text())
                    .contains("basket.test");
            assertThat(log.published().state().find(ref("list"))).isEmpty();
            assertThat(log.find(ref("list"), 2).orElseThrow().source().text()).contains("list.test");
            assertThat(log.history(Optional.empty(), Long.MAX_VALUE, 10))
                    .extracting(entry -> entry.header().message())
                    .containsExactly("list goes", "to basket.test", "to list.test", "to cart.test");
            submit(log, "pay", "pay.test");
            assertThat(log.published().state().revision()).isEqualTo(5);
            assertThat(log.verify()).isEmpty();
        }

        assertThat(tables(database)).isEqualTo(before);
    }

    @Test
    void messageOfANewerBuildIsReadAndHandedOnWhole() throws Exception {
        var newer = Resource.newBuilder()
                .setRef(ResourceRef.newBuilder().setName("cart"))
                .setUnknownFields(UnknownFieldSet.newBuilder()
                        .addField(
                                9_999,
                                UnknownFieldSet.Field.newBuilder()
                                        .addLengthDelimited(
                                                ByteString.copyFrom("a field of tomorrow", StandardCharsets.UTF_8))
                                        .build())
                        .build())
                .build()
                .toByteArray();

        var read = Resource.parseFrom(newer);

        assertThat(read.getRef().getName()).isEqualTo("cart");
        assertThat(read.toBuilder().build().toByteArray()).isEqualTo(newer);
    }
}
