package io.sallyport.accesslog.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.stub.StreamObserver;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The ways in beside Envoy's own: OpenTelemetry, and files.
class OtlpAndFilesTest {

    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");
    private static final Proxy EDGE = new Proxy("istio-system", "egress");
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    // The line of the document, S55.
    private static final String LINE =
            "[2021-09-10T16:47:30.115Z] \"GET / HTTP/2\" 200 - via_upstream - \"-\" 0 14892 141 "
                    + "123 \"192.168.77.145\" \"curl/7.64.0\" \"a829b98e-001a-41af-9e0e-1bea4f163111\" \"www.google.com\" "
                    + "\"142.250.191.196:80\" outbound|80||www.google.com 192.168.29.202:39050 192.168.29.202:8080 "
                    + "192.168.77.145:52826 - -";

    @TempDir
    Path folder;

    private final List<AccessLogEntry> rows = new CopyOnWriteArrayList<>();
    private final Ledger ledger = new Ledger();
    private final Intake intake = new Intake(
            (_, offered) -> {
                rows.addAll(offered);
                return offered.size();
            },
            ledger,
            () -> NOW);

    @Test
    @Tag("S55")
    void aLineOfTheDocumentComesOutOfAFileWithAllItsValuesAndAnotherIsKeptAndCounted() throws Exception {
        var file = folder.resolve("egress.log");
        try (var _ = FileFollower.start(file, folder.resolve("mark"), EDGE, intake)) {
            Files.writeString(file, LINE + "\nno line of Istio's\n" + LINE.substring(0, 40));
            await().atMost(PATIENCE).until(() -> rows.size() == 2);

            var row = rows.getFirst();
            assertThat(row.getCluster()).isEqualTo("outbound|80||www.google.com");
            assertThat(row.getResponseBytes()).isEqualTo(14_892);
            assertThat(row.getDurationMicros()).isEqualTo(141_000);
            assertThat(row.getUpstreamMicros()).isEqualTo(123_000);
            assertThat(row.getSourceAddress()).isEqualTo("192.168.77.145:52826");
            assertThat(row.getProxy()).isEqualTo("egress");
            assertThat(rows.getLast().getKind()).isEqualTo("raw");
            assertThat(rows.getLast().getRawText()).isEqualTo("no line of Istio's");
            assertThat(intake.unreadable()).isEqualTo(1);

            // The rest of the half line.
            Files.writeString(file, LINE.substring(40) + "\n", StandardOpenOption.APPEND);
            await().atMost(PATIENCE).until(() -> rows.size() == 3);
            assertThat(rows.getLast().getHost()).isEqualTo("www.google.com");
        }
    }

    @Test
    void aFileIsFollowedOverRestartsAndRotations() throws Exception {
        var file = folder.resolve("edge.log");
        var mark = folder.resolve("mark");
        Files.writeString(file, line("one") + line("two"));
        try (var _ = FileFollower.start(file, mark, EDGE, intake)) {
            await().atMost(PATIENCE).until(() -> rows.size() == 2);
        }
        Files.writeString(file, line("three"), StandardOpenOption.APPEND);
        try (var _ = FileFollower.start(file, mark, EDGE, intake)) {
            await().atMost(PATIENCE).until(() -> rows.size() == 3);
            Files.move(file, folder.resolve("edge.log.1"));
            Files.writeString(file, line("four"));
            await().atMost(PATIENCE).until(() -> rows.size() == 4);
            // Emptied and written anew, as logrotate's copytruncate leaves it.
            Files.writeString(file, line("5"));
            await().atMost(PATIENCE)
                    .until(() ->
                            rows.stream().anyMatch(row -> row.getRequestId().equals("5")));
        }
        assertThat(rows).extracting(AccessLogEntry::getRequestId).containsExactly("one", "two", "three", "four", "5");
    }

    @Test
    @Tag("S55")
    void whatIsWrittenIntoAFileThatWasRenamedIsNotLost() throws Exception {
        var file = folder.resolve("edge.log");
        var mark = folder.resolve("mark");
        var old = folder.resolve("edge.log.1");
        Files.writeString(file, line("one"));
        try (var _ = FileFollower.start(file, mark, EDGE, intake)) {
            await().atMost(PATIENCE).until(() -> rows.size() == 1);
            // As logrotate does it, until Envoy is told to open its logs again.
            Files.move(file, old);
            Files.writeString(old, line("two"), StandardOpenOption.APPEND);
            Files.createFile(file);
            await().atMost(PATIENCE).until(() -> rows.size() == 2);
            Files.writeString(old, line("three"), StandardOpenOption.APPEND);
            await().atMost(PATIENCE).until(() -> rows.size() == 3);
            Files.writeString(old, line("four"), StandardOpenOption.APPEND);
            Files.writeString(file, line("five"));
            await().atMost(PATIENCE).until(() -> rows.size() == 5);
        }
        // And while nobody looks.
        Files.writeString(file, line("six"), StandardOpenOption.APPEND);
        Files.move(file, folder.resolve("edge.log.2"));
        Files.writeString(file, line("seven"));
        try (var _ = FileFollower.start(file, mark, EDGE, intake)) {
            await().atMost(PATIENCE).until(() -> rows.size() == 7);
        }
        assertThat(rows)
                .extracting(AccessLogEntry::getRequestId)
                .containsExactly("one", "two", "three", "four", "five", "six", "seven");
    }

    @Test
    @Tag("V20")
    void theRestOfALineThatIsTooLongIsNoOtherLine() throws Exception {
        var file = folder.resolve("edge.log");
        var mark = folder.resolve("mark");
        var forged = line("forged").strip();
        var beginning = "[2021-09-10T16:47:30.115Z] \"GET / HTTP/1.1\" 200 - via_upstream - \"-\" 0 1 2 3 \"-\" \"";
        try (var _ = FileFollower.start(file, mark, EDGE, intake)) {
            Files.writeString(file, beginning + "x".repeat((64 << 10) - beginning.length() + 1) + forged);
            await().atMost(PATIENCE).until(() -> rows.size() == 1);
        }
        try (var _ = FileFollower.start(file, mark, EDGE, intake)) {
            Files.writeString(file, forged + "\n" + line("next"), StandardOpenOption.APPEND);
            await().atMost(PATIENCE).until(() -> rows.size() == 2);
        }
        assertThat(rows.getFirst().getKind()).isEqualTo("raw");
        assertThat(rows.getFirst().getMarksList()).isEqualTo("cut");
        assertThat(rows.getFirst().getRawText()).startsWith(beginning);
        assertThat(rows.getLast().getRequestId()).isEqualTo("next");
    }

    private static String line(String id) {
        return LINE.replace("a829b98e-001a-41af-9e0e-1bea4f163111", id) + "\n";
    }

    @Test
    @Tag("S55")
    void openTelemetryBringsTheSameLineWithItsLabels() {
        var request = ExportLogsServiceRequest.newBuilder();
        var resource = request.addResourceLogsBuilder();
        resource.getResourceBuilder()
                .addAttributes(attribute("k8s.namespace.name", "istio-system"))
                .addAttributes(attribute("k8s.pod.name", "egress-1"));
        var records = resource.addScopeLogsBuilder();
        records.addLogRecordsBuilder().setBody(text(LINE)).addAttributes(attribute("team", "red"));
        records.addLogRecordsBuilder().setBody(text("hello")).setTimeUnixNano(NOW.toEpochMilli() * 1_000_000);

        new OtlpReceiver(intake).export(request.build(), new Ignored());

        assertThat(rows).extracting(AccessLogEntry::getProxy).containsOnly("egress-1");
        assertThat(rows).extracting(AccessLogEntry::getSource).containsOnly("otlp");
        assertThat(rows.getFirst().getResponseCode()).isEqualTo(200);
        assertThat(rows.getFirst().getTagsMap()).containsEntry("team", "red");
        assertThat(rows.getLast().getKind()).isEqualTo("raw");
        assertThat(intake.unreadable()).isEqualTo(1);
    }

    private static KeyValue attribute(String key, String value) {
        return KeyValue.newBuilder().setKey(key).setValue(text(value)).build();
    }

    private static AnyValue text(String text) {
        return AnyValue.newBuilder().setStringValue(text).build();
    }

    /// Whoever sent it.
    private static final class Ignored implements StreamObserver<ExportLogsServiceResponse> {

        @Override
        public void onNext(ExportLogsServiceResponse response) {
            // Not looked at.
        }

        @Override
        public void onError(Throwable failure) {
            throw new AssertionError(failure);
        }

        @Override
        public void onCompleted() {
            // Not looked at.
        }
    }
}
