package io.sallyport.config.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.hash.Hashing;
import com.google.protobuf.ByteString;
import io.sallyport.analysis.Inspections;
import io.sallyport.config.YamlDocuments;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.SourceDocument;
import io.sallyport.model.read.YamlReader;
import io.sallyport.runtime.telemetry.Telemetry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SoundTextsTest {

    private static final SourceDocument SOUND = service("sound", "{exact: /a}");
    // SP4107: the prefix takes /axe too, which the rule below would have served.
    private static final SourceDocument RISKY = service("risky", "{prefix: /a}");

    @TempDir
    Path folder;

    private static SourceDocument service(String name, String path) {
        return YamlReader.source(name + ".yaml", 1, 0, """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: %1$s, namespace: shop}
                spec:
                  hosts: [%1$s.test]
                  gateways: [edge]
                  http:
                  - {match: [{uri: %2$s}], directResponse: {status: 200}}
                  - {directResponse: {status: 201}}
                """.formatted(name, path));
    }

    private SoundTexts texts(String build) {
        return new SoundTexts(folder.resolve("config.db.sound"), build);
    }

    private RevisionLog open(String build) throws Exception {
        var log = RevisionLog.open(
                SqliteRevisionStore.open(folder.resolve("config.db"), InstantSource.system()),
                Optional.of(texts(build)),
                new YamlDocuments(new Inspections()),
                accepted -> ByteString.EMPTY,
                InstantSource.system(),
                Telemetry.none());
        log.awaitJudged();
        return log;
    }

    private static void apply(RevisionLog log, SourceDocument... sources) throws Exception {
        var objects = new ArrayList<ConfigObject<?>>();
        for (var source : sources) {
            objects.add(
                    new YamlDocuments(new Inspections()).read(source).object().orElseThrow());
        }
        assertThat(log.submit(ChangeRequest.of(Owner.API, "api", "", objects, List.of())))
                .isInstanceOf(Outcome.Accepted.class);
    }

    // Findings of single objects only: that there is no Gateway is found among all.
    private static List<String> risks(RevisionLog log) {
        return log.published().findings().stream()
                .map(Finding::code)
                .map(code -> code.id())
                .filter(code -> code.equals("SP4107"))
                .toList();
    }

    private void stored(SourceDocument... sources) throws Exception {
        try (var log = open("one")) {
            apply(log, sources);
        }
    }

    @Test
    void whatIsSoundIsWrittenDownAndNothingElse() throws Exception {
        stored(SOUND, RISKY);

        assertThat(texts("one").read()).containsExactly(SOUND.digest());
    }

    @Test
    void aFindingIsShownAfterEachStart() throws Exception {
        stored(SOUND, RISKY);

        try (var log = open("one")) {
            assertThat(risks(log)).containsExactly("SP4107");
        }
        try (var log = open("one")) {
            assertThat(risks(log)).containsExactly("SP4107");
        }
    }

    @Test
    void whatTheSameBuildFoundSoundIsNotInspectedAgain() throws Exception {
        stored(RISKY);
        texts("one").write(Set.of(RISKY.digest()));

        try (var log = open("one")) {
            assertThat(risks(log)).isEmpty();
        }
    }

    @Test
    void aTextThatComesAfterTheStartIsInspectedWhateverWasWrittenDown() throws Exception {
        stored(SOUND);
        texts("one").write(Set.of(SOUND.digest(), RISKY.digest()));

        try (var log = open("one")) {
            apply(log, RISKY);

            assertThat(risks(log)).containsExactly("SP4107");
        }
    }

    @Test
    void theWordOfAnotherBuildDoesNotCount() throws Exception {
        stored(RISKY);
        texts("another").write(Set.of(RISKY.digest()));

        try (var log = open("one")) {
            assertThat(risks(log)).containsExactly("SP4107");
        }
    }

    @Test
    void aDamagedFileDoesNotCount() throws Exception {
        stored(RISKY);
        texts("one").write(Set.of(RISKY.digest()));
        var file = folder.resolve("config.db.sound");
        var lines = Files.readAllLines(file);
        lines.set(2, "0".repeat(64));
        Files.write(file, lines);

        try (var log = open("one")) {
            assertThat(risks(log)).containsExactly("SP4107");
        }
    }

    @Test
    void aTextThatChangedIsInspectedAtTheNextStart() throws Exception {
        stored(SOUND);
        stored(service("sound", "{prefix: /a}"));

        assertThat(texts("one").read()).isEmpty();
        try (var log = open("one")) {
            assertThat(risks(log)).containsExactly("SP4107");
        }
    }

    @Test
    void aBuildIsNamedByItsJarsAndNotByFolders() {
        assertThat(SoundTexts.build(List.of(Hashing.class)))
                .isPresent()
                .isEqualTo(SoundTexts.build(List.of(Hashing.class)))
                .isNotEqualTo(SoundTexts.build(List.of(ByteString.class)));
        assertThat(SoundTexts.build(List.of(Hashing.class, SoundTexts.class))).isEmpty();
    }
}
