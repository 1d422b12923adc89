package io.sallyport.accesslog.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.hash.Hashing;
import io.sallyport.accesslog.query.QueryException;
import io.sallyport.accesslog.query.Questions;
import io.sallyport.proto.accesslog.v1.Scope;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Where a search goes on, as a text.
class CursorTextTest {

    private static final String FILTER = "response.code >= 500";

    private static String text(String form, String rest) {
        var hash = Hashing.farmHashFingerprint64().hashString(FILTER, StandardCharsets.UTF_8);
        var text = form + "." + hash + "." + rest;
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static Scope scope() {
        return Scope.newBuilder().setFilter(FILTER).build();
    }

    @Test
    void aCursorIsOfOneRevision() {
        var of42 = scope().toBuilder().setRevision(42).build();
        var cursor = Scopes.cursor(of42, new Scopes.Page(-5, 7, new Questions.Cursor(6, 2, 3, "")));

        assertThatThrownBy(() -> Scopes.page(scope(), cursor)).hasMessageStartingWith("cursor (expected: ");
    }

    @Test
    void aCursorComesBackAsItWas() throws Exception {
        for (var topic : List.of("sallyport.accesslog", "a.b~x-Y_1.", "")) {
            var page = new Scopes.Page(-5, 7, new Questions.Cursor(6, 2, 1L << 40, topic));

            assertThat(Scopes.page(scope(), Scopes.cursor(scope(), page))).isEqualTo(page);
        }
    }

    @Test
    void aCursorOfAnOlderSallyportHasNoTopic() throws Exception {
        assertThat(Scopes.page(scope(), text("1", "1.9.8.2.17")))
                .isEqualTo(new Scopes.Page(1, 9, new Questions.Cursor(8, 2, 17, "")));
    }

    @Test
    void anythingElseIsRefused() {
        var foreign = List.of(
                text("2", "1.9.8.2.17"),
                text("1", "1.9.8.2.17.topic"),
                text("3", "1.9.8.2.17.topic"),
                text("2", "1.9.8.2.x.topic"),
                "",
                "!");
        for (var cursor : foreign) {
            assertThatThrownBy(() -> Scopes.page(scope(), cursor))
                    .isInstanceOf(QueryException.class)
                    .hasMessage("cursor (expected: one of an answer to the same filter)");
        }
    }
}
