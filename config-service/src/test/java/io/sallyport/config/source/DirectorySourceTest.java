package io.sallyport.config.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.config.api.Refusals.Refusal;
import io.sallyport.config.api.Wire;
import io.sallyport.config.store.Change;
import io.sallyport.config.store.ChangeRequest;
import io.sallyport.config.store.Outcome;
import io.sallyport.config.store.Owner;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.config.store.StoredObject;
import io.sallyport.config.testing.FakeReader;
import io.sallyport.config.testing.Recorder;
import io.sallyport.config.testing.Stores;
import io.sallyport.model.Age;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectorySourceTest {

    @TempDir
    Path folder;

    private Path root;
    private RevisionLog log;
    private final List<DirectorySource> sources = new ArrayList<>();
    private Recorder recorder = new Recorder();

    @BeforeEach
    void open() throws Exception {
        root = Files.createDirectories(folder.resolve("config"));
        log = RevisionLog.open(Stores.sqlite(folder), new FakeReader(), Wire::answer, InstantSource.system());
    }

    @AfterEach
    void stop() {
        sources.forEach(DirectorySource::close);
        log.close();
    }

    private DirectoryEvent watch() throws Exception {
        recorder = new Recorder();
        var source = DirectorySource.start(root, log, new FakeReader(), recorder, InstantSource.system());
        sources.add(source);
        source.awaitFirstLook();
        return recorder.await(DirectoryEvent::first);
    }

    private void write(String name, String... lines) throws IOException {
        Files.createDirectories(root.resolve(name).getParent());
        Files.writeString(root.resolve(name), String.join("\n", lines) + "\n");
    }

    private static ObjectRef gateway(String name) {
        return new ObjectRef(Kind.GATEWAY, "shop", name);
    }

    private String text(String name) {
        return log.published()
                .state()
                .find(gateway(name))
                .map(object -> object.source().text())
                .orElse("absent");
    }

    private Age age(String name) {
        return log.published()
                .state()
                .find(gateway(name))
                .map(StoredObject::age)
                .orElseThrow();
    }

    private DirectoryEvent await(Change.Verb verb, String name) throws InterruptedException {
        return recorder.await(event -> event.changes().contains(new Change(verb, gateway(name))));
    }

    @Test
    void aFaultOfOursEndsNothing() throws Exception {
        write("a.yaml", "Gateway shop/a");
        var fault = new AtomicBoolean();
        var thrown = new CountDownLatch(1);
        var source = DirectorySource.start(
                root,
                log,
                new FakeReader(),
                new DirectoryListener() {
                    @Override
                    public void changed(DirectoryEvent event) {
                        if (fault.compareAndSet(true, false)) {
                            thrown.countDown();
                            throw new IllegalStateException("a fault of ours");
                        }
                        recorder.changed(event);
                    }
                },
                InstantSource.system());
        sources.add(source);
        recorder.await(DirectoryEvent::first);

        fault.set(true);
        write("b.yaml", "Gateway shop/b");
        assertThat(thrown.await(20, TimeUnit.SECONDS)).isTrue();
        write("c.yaml", "Gateway shop/c");

        await(Change.Verb.CREATED, "c");
        assertThat(text("b")).startsWith("Gateway shop/b");
        Files.delete(root.resolve("a.yaml"));
        await(Change.Verb.DELETED, "a");
        assertThat(source.failures()).isEqualTo(1);
    }

    @Test
    void everythingThatStandsThereAtTheStartIsOneRevision() throws Exception {
        write("a.yaml", "Gateway shop/a", "Gateway shop/b");
        write("deep/er/c.json", "Gateway shop/c");
        write(".hidden.yaml", "Gateway shop/hidden");
        write("d.yaml.part", "Gateway shop/part");
        write("e.yaml~", "Gateway shop/backup");
        write("readme.md", "hello");

        var event = watch();

        assertThat(event.revision()).isEqualTo(1);
        assertThat(log.published().state().objects().keySet())
                .containsExactly(gateway("a"), gateway("b"), gateway("c"));
        assertThat(log.published()
                        .state()
                        .find(gateway("c"))
                        .orElseThrow()
                        .source()
                        .name())
                .isEqualTo("deep/er/c.json");
    }

    @Test
    void anEmptyDirectoryIsReadyAtRevisionZero() throws Exception {
        assertThat(watch().revision()).isZero();
    }

    @Test
    void aChangedFileBecomesARevisionOfWhatChangedInIt() throws Exception {
        write("a.yaml", "Gateway shop/a one", "Gateway shop/b one");
        watch();

        write("a.yaml", "Gateway shop/a two", "Gateway shop/b one");
        var event = await(Change.Verb.CHANGED, "a");

        assertThat(event.revision()).isEqualTo(2);
        assertThat(event.files()).containsExactly("a.yaml");
        assertThat(event.changes()).hasSize(1);
    }

    @Test
    void aDeletedFileTakesItsObjectsWithIt() throws Exception {
        write("a.yaml", "Gateway shop/a");
        write("b.yaml", "Gateway shop/b");
        watch();

        Files.delete(root.resolve("a.yaml"));
        await(Change.Verb.DELETED, "a");

        assertThat(text("a")).isEqualTo("absent");
        assertThat(text("b")).isNotEqualTo("absent");
    }

    @Test
    void aNewDirectoryWithFilesIsSeen() throws Exception {
        watch();

        write("team/shop/a.yaml", "Gateway shop/a");

        assertThat(await(Change.Verb.CREATED, "a").files()).containsExactly("team/shop/a.yaml");
    }

    @Test
    @Tag("F26")
    void aBrokenFileKeepsItsObjectsAndIsNamedUntilItIsRepaired() throws Exception {
        write("a.yaml", "Gateway shop/a one", "Gateway shop/b one");
        watch();

        write("a.yaml", "Gateway shop/a two", "BROKEN");
        var broken = recorder.await(event -> event.files().contains("a.yaml"));

        assertThat(broken.changes()).isEmpty();
        assertThat(broken.refusals()).extracting(Refusal::sourceName).containsExactly("a.yaml");
        assertThat(text("a")).isEqualTo("Gateway shop/a one");

        write("a.yaml", "Gateway shop/a three");
        await(Change.Verb.CHANGED, "a");

        assertThat(text("a")).isEqualTo("Gateway shop/a three");
        assertThat(text("b")).isEqualTo("absent");
        assertThat(sources.getLast().current()).isEmpty();
    }

    @Test
    @Tag("F26")
    void aFileThatIsBrokenAtTheStartKeepsWhatItGaveBefore() throws Exception {
        write("a.yaml", "Gateway shop/a one");
        watch();
        sources.removeLast().close();
        write("a.yaml", "BROKEN");

        var event = watch();

        assertThat(event.changes()).isEmpty();
        assertThat(text("a")).isEqualTo("Gateway shop/a one");
    }

    @Test
    void aRefusedDocumentKeepsItsLastGoodVersionAndTheRestGoesOn() throws Exception {
        write("a.yaml", "Gateway shop/a one", "Gateway shop/b one");
        watch();

        write("a.yaml", "Gateway shop/a REFUSED", "Gateway shop/b two");
        var event = await(Change.Verb.CHANGED, "b");

        assertThat(text("a")).isEqualTo("Gateway shop/a one");
        assertThat(event.refusals())
                .extracting(Refusal::ref, Refusal::keptRevision)
                .containsExactly(org.assertj.core.groups.Tuple.tuple(Optional.of(gateway("a")), 1L));
    }

    @Test
    void aDocumentWhoseNameCannotBeReadDeletesNothing() throws Exception {
        write("a.yaml", "Gateway shop/a one", "Gateway shop/b one");
        watch();

        write("a.yaml", "Gatewy shop/a one", "Gateway shop/b two");
        var event = await(Change.Verb.CHANGED, "b");
        assertThat(text("a")).isEqualTo("Gateway shop/a one");
        assertThat(event.refusals()).extracting(Refusal::sourceName).containsExactly("a.yaml");

        write("a.yaml", "Gateway shop/b three");
        await(Change.Verb.DELETED, "a");
    }

    @Test
    void theFirstFileByNameWinsAndBothAreNamed() throws Exception {
        write("b.yaml", "Gateway shop/a from b");
        write("a.yaml", "Gateway shop/a from a");

        var event = watch();

        assertThat(text("a")).isEqualTo("Gateway shop/a from a");
        var finding = event.refusals().getFirst().findings().getFirst();
        assertThat(finding.location().file()).isEqualTo("b.yaml");
        assertThat(finding.related().getFirst().file()).isEqualTo("a.yaml");
    }

    @Test
    void theSecondFileTakesOverWhenTheFirstGoes() throws Exception {
        write("a.yaml", "Gateway shop/a from a");
        write("b.yaml", "Gateway shop/a from b");
        watch();

        Files.delete(root.resolve("a.yaml"));
        await(Change.Verb.CHANGED, "a");

        assertThat(text("a")).isEqualTo("Gateway shop/a from b");
        assertThat(sources.getLast().current()).isEmpty();
    }

    @Test
    void anEditorThatRemovesAndMakesAnewDeletesNothing() throws Exception {
        write("a.yaml", "Gateway shop/a one");
        watch();
        var age = age("a");

        // As vim does it with backups on.
        Files.move(root.resolve("a.yaml"), root.resolve("a.yaml~"));
        write("a.yaml", "Gateway shop/a two");
        Files.delete(root.resolve("a.yaml~"));
        await(Change.Verb.CHANGED, "a");

        assertThat(age("a")).isEqualTo(age);
        assertThat(recorder.heard())
                .noneMatch(event -> event.changes().contains(new Change(Change.Verb.DELETED, gateway("a"))));
    }

    @Test
    void aFileThatIsRenamedIntoPlaceIsTakenWhole() throws Exception {
        write("a.yaml", "Gateway shop/a one");
        watch();

        Files.writeString(root.resolve(".a.yaml.tmp"), "Gateway shop/a two\n");
        Files.move(root.resolve(".a.yaml.tmp"), root.resolve("a.yaml"), StandardCopyOption.ATOMIC_MOVE);

        assertThat(await(Change.Verb.CHANGED, "a").revision()).isEqualTo(2);
    }

    @Test
    void ageSurvivesARenameOfTheFile() throws Exception {
        write("a.yaml", "Gateway shop/a");
        watch();
        var age = age("a");

        Files.move(root.resolve("a.yaml"), root.resolve("z.yaml"));
        await(Change.Verb.MOVED, "a");

        assertThat(age("a")).isEqualTo(age);
        assertThat(log.published()
                        .state()
                        .find(gateway("a"))
                        .orElseThrow()
                        .source()
                        .name())
                .isEqualTo("z.yaml");
    }

    @Test
    @Tag("F26")
    void aHalfWrittenFileIsNotRead() throws Exception {
        write("a.yaml", "Gateway shop/a one", "Gateway shop/b one");
        write("other.yaml", "Gateway shop/other one");
        watch();

        try (var out = Files.newOutputStream(
                root.resolve("a.yaml"), StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            out.write("Gateway shop/a two\n".getBytes(StandardCharsets.UTF_8));
            out.flush();
            // The writer has stopped in the middle. Another file shows that the source is past this point.
            write("other.yaml", "Gateway shop/other two");
            await(Change.Verb.CHANGED, "other");
            assertThat(text("a")).isEqualTo("Gateway shop/a one");
            out.write("Gateway shop/b two\n".getBytes(StandardCharsets.UTF_8));
        }
        var event = await(Change.Verb.CHANGED, "a");

        assertThat(event.changes())
                .containsExactly(
                        new Change(Change.Verb.CHANGED, gateway("a")), new Change(Change.Verb.CHANGED, gateway("b")));
    }

    @Test
    @Tag("F26")
    void aMountThatIsExchangedByALinkIsOneRevision() throws Exception {
        Files.createDirectories(root.resolve("..1"));
        Files.createDirectories(root.resolve("..2"));
        Files.writeString(root.resolve("..1/a.yaml"), "Gateway shop/a one\n");
        Files.writeString(root.resolve("..1/b.yaml"), "Gateway shop/b one\n");
        Files.writeString(root.resolve("..2/a.yaml"), "Gateway shop/a two\n");
        Files.writeString(root.resolve("..2/b.yaml"), "Gateway shop/b two\n");
        Files.createSymbolicLink(root.resolve("..data"), Path.of("..1"));
        Files.createSymbolicLink(root.resolve("a.yaml"), Path.of("..data/a.yaml"));
        Files.createSymbolicLink(root.resolve("b.yaml"), Path.of("..data/b.yaml"));
        watch();
        assertThat(text("a")).isEqualTo("Gateway shop/a one");

        Files.createSymbolicLink(root.resolve("..data_tmp"), Path.of("..2"));
        Files.move(root.resolve("..data_tmp"), root.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
        var event = await(Change.Verb.CHANGED, "a");

        assertThat(event.changes()).hasSize(2);
        assertThat(text("b")).isEqualTo("Gateway shop/b two");
    }

    @Test
    @Tag("F26")
    void aMountThatIsExchangedWhileItIsLookedAtIsOneRevisionToo() throws Exception {
        for (var version : List.of("1", "2")) {
            Files.createDirectories(root.resolve(".." + version));
            for (int file = 0; file < 20; file++) {
                Files.writeString(
                        root.resolve("..%s/f%d.yaml".formatted(version, file)),
                        "Gateway shop/f%d %s\n".formatted(file, version));
            }
        }
        Files.createSymbolicLink(root.resolve("..data"), Path.of("..1"));
        for (int file = 0; file < 20; file++) {
            Files.createSymbolicLink(
                    root.resolve("f%d.yaml".formatted(file)), Path.of("..data/f%d.yaml".formatted(file)));
        }
        watch();

        for (int exchange = 0; exchange < 100; exchange++) {
            // The new link wakes the source, which looks while the old one is replaced.
            Files.createSymbolicLink(root.resolve("..data_tmp"), Path.of(exchange % 2 == 0 ? "..2" : "..1"));
            Files.move(root.resolve("..data_tmp"), root.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);

            assertThat(await(Change.Verb.CHANGED, "f0").changes()).hasSize(20);
        }
    }

    @Test
    @Tag("V29")
    void linksThatLeadOutAreNamedAndNotFollowed() throws Exception {
        Files.writeString(folder.resolve("outside.yaml"), "Gateway shop/outside\n");
        Files.createSymbolicLink(root.resolve("a.yaml"), folder.resolve("outside.yaml"));
        Files.createSymbolicLink(root.resolve("up"), folder);
        Files.createSymbolicLink(root.resolve("loop"), root);

        var event = watch();

        assertThat(log.published().state().size()).isZero();
        assertThat(event.refusals()).extracting(Refusal::sourceName).contains("a.yaml", "loop");
    }

    @Test
    @Tag("V29")
    void secretsNeverReachTheLog() throws Exception {
        write("secrets/shop/key/tls.yaml", "Gateway shop/inside");
        write("a.yaml", "Secret shop/key hunter2", "Secret shop/bad REFUSED hunter2", "Gateway shop/a");
        Files.createSymbolicLink(root.resolve("sly"), Path.of("secrets"));

        var event = watch();

        assertThat(log.published().state().objects().keySet()).containsExactly(gateway("a"));
        assertThat(event.toString()).doesNotContain("hunter2");
        assertThat(new String(Files.readAllBytes(folder.resolve("config.db-wal")), StandardCharsets.ISO_8859_1))
                .doesNotContain("hunter2");
    }

    @Test
    @Tag("H4")
    void whatIsNoRegularFileIsNamedAndNotOpened() throws Exception {
        var made = new ProcessBuilder("mkfifo", root.resolve("pipe.yaml").toString()).start();
        assertThat(made.waitFor()).isZero();
        write("a.yaml", "Gateway shop/a");

        var event = watch();

        assertThat(event.refusals()).extracting(Refusal::sourceName).containsExactly("pipe.yaml");
        assertThat(text("a")).isNotEqualTo("absent");
    }

    @Test
    void anotherSourcesObjectIsLeftAloneUntilItGoes() throws Exception {
        log.submit(ChangeRequest.of(Owner.API, "api", "", List.of(FakeReader.object("Gateway shop/a api")), List.of()));
        write("a.yaml", "Gateway shop/a directory", "Gateway shop/b");

        var event = watch();

        assertThat(text("a")).isEqualTo("Gateway shop/a api");
        assertThat(text("b")).isNotEqualTo("absent");
        assertThat(event.refusals().getFirst().findings().getFirst().message()).contains("belongs to api");

        log.submit(ChangeRequest.of(Owner.API, "api", "", List.of(), List.of(gateway("a"))));
        await(Change.Verb.CREATED, "a");
        assertThat(text("a")).isEqualTo("Gateway shop/a directory");
    }

    @Test
    void othersMayNotTakeWhatTheDirectoryOwns() throws Exception {
        write("a.yaml", "Gateway shop/a");
        watch();

        var outcome = log.submit(
                ChangeRequest.of(Owner.API, "api", "", List.of(FakeReader.object("Gateway shop/a api")), List.of()));

        assertThat(outcome).isEqualTo(new Outcome.Foreign(gateway("a"), Owner.DIRECTORY));
    }

    @Test
    void aRestartWithNothingNewMakesNoRevision() throws Exception {
        write("a.yaml", "Gateway shop/a", "Gateway shop/b");
        watch();
        sources.removeLast().close();
        log.close();
        log = RevisionLog.open(Stores.sqlite(folder), new FakeReader(), Wire::answer, InstantSource.system());

        assertThat(watch().revision()).isEqualTo(1);
    }

    @Test
    void whatChangedWhileNobodyWatchedIsTakenOverAtTheStart() throws Exception {
        write("a.yaml", "Gateway shop/a one");
        write("b.yaml", "Gateway shop/b one");
        watch();
        sources.removeLast().close();
        write("a.yaml", "Gateway shop/a two");
        Files.delete(root.resolve("b.yaml"));

        watch();

        assertThat(text("a")).isEqualTo("Gateway shop/a two");
        assertThat(text("b")).isEqualTo("absent");
    }

    @Test
    @Tag("F26")
    void tenThousandFilesAtOnceAllArrive() throws Exception {
        watch();
        for (int i = 0; i < 10_000; i++) {
            Files.writeString(root.resolve("f" + i + ".yaml"), "Gateway shop/g" + i + "\n");
        }

        recorder.await(event -> log.published().state().size() == 10_000);

        assertThat(sources.getLast().current()).isEmpty();
    }
}
