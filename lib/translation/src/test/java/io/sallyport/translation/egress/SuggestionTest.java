package io.sallyport.translation.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.CheckedImage;
import io.sallyport.model.Kind;
import io.sallyport.translation.Translator;
import io.sallyport.translation.egress.Errand.Protocol;
import io.sallyport.translation.egress.Suggestion.Wish;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("B6")
class SuggestionTest {

    private static List<Wish> wishes(CheckedImage image, Errand... errands) {
        var client = Clients.named(image, "default", "", Map.of("app", "sleep"));
        var wishes = new ArrayList<Wish>();
        for (var errand : errands) {
            wishes.add(new Wish(client, errand));
        }
        return wishes;
    }

    @Test
    void hostsThatAreAskedForAlikeShareAnEntry() {
        var image = Checked.of();
        var suggestion = Suggestion.of(
                image,
                new Translator(),
                wishes(
                        image,
                        new Errand("a.test", 443, Protocol.TLS),
                        new Errand("b.test", 443, Protocol.TLS),
                        new Errand("c.test", 80, Protocol.HTTP)),
                true);

        assertThat(suggestion.documents())
                .extracting(document -> document.ref().toString())
                .containsExactly(
                        "ServiceEntry default/learned-a-test",
                        "ServiceEntry default/learned-c-test",
                        "Sidecar default/closed");
        assertThat(suggestion.documents().getFirst().text()).contains("hosts: [a.test, b.test]");
        assertThat(suggestion.remarks()).isEmpty();
    }

    @Test
    void whatWasSeenWorksAfterwardsAndNothingElseDoes() {
        var image = Checked.of();
        var seen = wishes(
                image,
                new Errand("a.test", 443, Protocol.TLS),
                new Errand("b.test", 80, Protocol.HTTP),
                new Errand("b.test", 8443, Protocol.TLS),
                new Errand("db.test", 5432, Protocol.TCP),
                new Errand("203.0.113.9", 6379, Protocol.TCP));
        var suggestion = Suggestion.of(image, new Translator(), seen, true);
        var after = Checked.of(
                suggestion.documents().stream().map(Suggestion.Document::text).toArray(String[]::new));
        var judge = new EgressJudge(after, new Translator());

        assertThat(after.findings()).filteredOn(finding -> finding.isError()).isEmpty();
        assertThat(seen)
                .allSatisfy(wish -> assertThat(judge.judge(wish.client(), Door.REDIRECTED, wish.errand()))
                        .as("%s", wish.errand())
                        .isInstanceOfSatisfying(
                                Verdict.Direct.class,
                                direct -> assertThat(direct.byDefault()).isFalse()));
        for (var other : List.of(
                new Errand("c.test", 443, Protocol.TLS),
                new Errand("a.test", 80, Protocol.HTTP),
                new Errand("203.0.113.8", 6379, Protocol.TCP))) {
            assertThat(judge.judge(seen.getFirst().client(), Door.REDIRECTED, other))
                    .as("%s", other)
                    .isInstanceOf(Verdict.Blocked.class);
        }
    }

    @Test
    void whatIsDeclaredIsLeftAlone() {
        var image = Checked.of("""
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: a, namespace: default}
                spec:
                  hosts: [a.test]
                  ports: [{number: 443, name: tls, protocol: TLS}]
                  resolution: DNS
                """);
        var suggestion =
                Suggestion.of(image, new Translator(), wishes(image, new Errand("a.test", 443, Protocol.TLS)), false);

        assertThat(suggestion.documents()).isEmpty();
        assertThat(suggestion.declared()).isEqualTo(1);
    }

    @Test
    void aSidecarThatHoldsForTheNamespaceIsTheUsersToChange() {
        var image = Checked.of("""
                apiVersion: networking.istio.io/v1
                kind: Sidecar
                metadata: {name: own, namespace: default}
                spec: {egress: [{hosts: ["*/*"]}]}
                """);
        var suggestion =
                Suggestion.of(image, new Translator(), wishes(image, new Errand("a.test", 443, Protocol.TLS)), true);

        assertThat(suggestion.documents())
                .extracting(document -> document.ref().kind())
                .containsExactly(Kind.SERVICE_ENTRY);
        assertThat(suggestion.remarks()).singleElement().asString().contains("Sidecar default/own");
    }
}
