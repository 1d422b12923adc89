package io.sallyport.config.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.sallyport.config.testing.FakeReader;
import io.sallyport.model.Age;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What every store of the log has to do, whatever it is made of.
abstract class RevisionStoreContract {

    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678Z");

    /// Opens the test's own store, or opens it again.
    abstract RevisionStore open() throws Exception;

    /// Reaches behind the store's back.
    abstract Connection connection() throws SQLException;

    private ConfigState state = ConfigState.empty();

    private static ObjectRef gateway(String name) {
        return new ObjectRef(Kind.GATEWAY, "shop", name);
    }

    private static RecordedChange stored(String name, String text, long revision) {
        var source = FakeReader.source("shop.yaml", 3, 1, "Gateway shop/" + name + " " + text);
        var age = new Age(Instant.ofEpochSecond(1_700_000_000), revision, "shop.yaml", 1);
        return new RecordedChange.Stored(
                Change.Verb.CREATED, new StoredObject(gateway(name), source, Owner.API, age, revision));
    }

    private Revision revision(RecordedChange... changes) {
        var header = RevisionHeader.of(
                state.revision() + 1,
                NOW,
                "api",
                "why not \u00e9",
                state.head(),
                state.digestAfter(List.of(changes)),
                List.of(changes));
        var revision = new Revision(header, List.of(changes));
        state = state.apply(revision, new FakeReader(), Map.of());
        return revision;
    }

    private void fill(RevisionStore store) throws Exception {
        store.append(0, List.of(revision(stored("a", "one", 1), stored("b", "one", 1))), List.of());
        store.append(1, List.of(revision(stored("a", "two", 2))), List.of());
        store.append(2, List.of(revision(new RecordedChange.Removed(gateway("b")))), List.of());
    }

    @Test
    void whatWasAppendedIsThereWhenItIsOpenedAgain() throws Exception {
        try (var store = open()) {
            fill(store);
        }
        try (var store = open()) {
            var loaded = store.load();

            assertThat(loaded.damage()).isEmpty();
            assertThat(loaded.head()).isEqualTo(state.head());
            assertThat(loaded.objects())
                    .containsExactlyElementsOf(state.objects().values());
            assertThat(store.verify()).isEmpty();
        }
    }

    @Test
    void aNewStoreIsEmpty() throws Exception {
        try (var store = open()) {
            assertThat(store.load().head()).isEqualTo(RevisionHeader.NONE);
            assertThat(store.head()).isZero();
        }
    }

    @Test
    void anAppendToAnOldHeadWritesNothing() throws Exception {
        try (var store = open()) {
            fill(store);
            state = ConfigState.empty();
            var late = revision(stored("c", "late", 1));

            assertThatThrownBy(() -> store.append(0, List.of(late), List.of()))
                    .isInstanceOf(RevisionTakenException.class);
            assertThat(store.find(gateway("c"), 9)).isEmpty();
            assertThat(store.head()).isEqualTo(3);
        }
    }

    @Test
    void severalRevisionsAreAppendedTogetherOrNotAtAll() throws Exception {
        try (var store = open()) {
            var first = revision(stored("a", "one", 1));

            assertThatThrownBy(() -> store.append(0, List.of(first, first), List.of()))
                    .isInstanceOf(RevisionTakenException.class);
            assertThat(store.head()).isZero();
        }
    }

    @Test
    void objectsAreFoundAsTheyWereAtARevision() throws Exception {
        try (var store = open()) {
            fill(store);

            assertThat(text(store.find(gateway("a"), 1))).isEqualTo("Gateway shop/a one");
            assertThat(text(store.find(gateway("a"), 3))).isEqualTo("Gateway shop/a two");
            assertThat(text(store.find(gateway("b"), 2))).isEqualTo("Gateway shop/b one");
            assertThat(store.find(gateway("b"), 3)).isEmpty();
        }
    }

    private static String text(Optional<StoredObject> object) {
        return object.orElseThrow().source().text();
    }

    @Test
    void historyIsNewestFirstAndCanBeOfOneObject() throws Exception {
        try (var store = open()) {
            fill(store);

            assertThat(store.history(Optional.empty(), Long.MAX_VALUE, 2))
                    .extracting(entry -> entry.header().number())
                    .containsExactly(3L, 2L);
            assertThat(store.history(Optional.of(gateway("a")), Long.MAX_VALUE, 10))
                    .extracting(entry -> entry.header().number())
                    .containsExactly(2L, 1L);
            assertThat(store.history(Optional.empty(), 2, 10).getFirst().changes())
                    .containsExactly(
                            new Change(Change.Verb.CREATED, gateway("a")),
                            new Change(Change.Verb.CREATED, gateway("b")));
        }
    }

    @Test
    void revisionsAfterANumberComeWhole() throws Exception {
        try (var store = open()) {
            fill(store);

            var revisions = store.after(1, 10);

            assertThat(revisions).extracting(Revision::number).containsExactly(2L, 3L);
            assertThat(revisions.getFirst().changes()).containsExactly(stored("a", "two", 2));
        }
    }

    @Test
    @Tag("H73")
    void anAnswerIsKeptUnderItsId() throws Exception {
        var answer = new AcceptedRequest(
                "id", "digest", 0, Instant.parse("2026-01-01T00:00:00Z"), ByteString.copyFromUtf8("answer"));
        try (var store = open()) {
            store.append(0, List.of(), List.of(answer));
        }
        try (var store = open()) {
            assertThat(store.request("id")).contains(answer);
            assertThat(store.request("other")).isEmpty();
            assertThatThrownBy(() -> store.append(0, List.of(), List.of(answer)))
                    .isInstanceOf(RevisionTakenException.class);
        }
    }

    @Test
    void pruningKeepsWhatWasInForce() throws Exception {
        try (var store = open()) {
            fill(store);
            store.append(3, List.of(revision(stored("c", "one", 4))), List.of());

            store.prune(3);

            assertThat(store.history(Optional.empty(), Long.MAX_VALUE, 10))
                    .extracting(entry -> entry.header().number())
                    .containsExactly(4L, 3L);
            assertThat(text(store.find(gateway("a"), 3))).isEqualTo("Gateway shop/a two");
            assertThat(store.load().objects())
                    .containsExactlyInAnyOrderElementsOf(state.objects().values());
            assertThat(store.verify()).isEmpty();
        }
    }

    @Test
    @Tag("M9")
    void anEditedHistoryShows() throws Exception {
        try (var store = open()) {
            fill(store);
            try (var connection = connection();
                    var statement = connection.createStatement()) {
                statement.executeUpdate("update revision set author = 'somebody else' where number = 2");
            }

            assertThat(store.verify()).containsExactly("r2: digest differs");
        }
    }

    @Test
    @Tag("M9")
    void aRevisionThatWasReplacedWholeShowsInTheNext() throws Exception {
        try (var store = open()) {
            fill(store);
            try (var connection = connection();
                    var statement = connection.createStatement()) {
                statement.executeUpdate("delete from revision where number = 2");
            }

            assertThat(store.verify()).containsExactly("r3: does not follow r1");
        }
    }

    @Test
    @Tag("F9")
    void aRowInForceThatWasAlteredFallsBackToItsLastGoodVersion() throws Exception {
        try (var store = open()) {
            fill(store);
            try (var connection = connection();
                    var statement = connection.createStatement()) {
                statement.executeUpdate(
                        "update change set source_text = 'Gateway shop/a evil' where revision = 2 and name = 'a'");
            }
        }
        try (var store = open()) {
            var loaded = store.load();

            assertThat(loaded.damage()).singleElement().asString().contains("r2 Gateway shop/a");
            assertThat(loaded.repairs()).hasSize(1);
            assertThat(((RecordedChange.Stored) loaded.repairs().getFirst())
                            .object()
                            .source()
                            .text())
                    .isEqualTo("Gateway shop/a one");
            assertThatThrownBy(() -> store.find(gateway("a"), 2)).isInstanceOf(StoreDamagedException.class);
        }
    }
}
