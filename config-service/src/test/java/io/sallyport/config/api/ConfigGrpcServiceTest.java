package io.sallyport.config.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.config.testing.FakeReader;
import io.sallyport.config.testing.Stores;
import io.sallyport.proto.config.v1.ApplyRequest;
import io.sallyport.proto.config.v1.ApplyResponse;
import io.sallyport.proto.config.v1.Change;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.ConfigServiceGrpc.ConfigServiceBlockingStub;
import io.sallyport.proto.config.v1.DeleteRequest;
import io.sallyport.proto.config.v1.Findings;
import io.sallyport.proto.config.v1.GetRequest;
import io.sallyport.proto.config.v1.HistoryRequest;
import io.sallyport.proto.config.v1.ListRequest;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.config.v1.StatusRequest;
import io.sallyport.proto.config.v1.ValidateRequest;
import io.sallyport.proto.config.v1.WatchRequest;
import io.sallyport.proto.config.v1.WatchResponse;
import io.sallyport.runtime.telemetry.Telemetry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigGrpcServiceTest {

    @TempDir
    Path folder;

    private RevisionLog log;
    private ConfigGrpcService service;
    private Server server;
    private ManagedChannel channel;
    private ConfigServiceBlockingStub config;

    @BeforeEach
    void start() throws Exception {
        log = RevisionLog.open(Stores.sqlite(folder), new FakeReader(), Wire::answer, InstantSource.system());
        service = new ConfigGrpcService(
                log,
                new FakeReader(),
                Refusals.NONE,
                new WatchBounds(3, 10, Duration.ofSeconds(60)),
                InstantSource.system(),
                Telemetry.none().tracer());
        var name = InProcessServerBuilder.generateName();
        server = InProcessServerBuilder.forName(name)
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .addService(service.bound())
                .build()
                .start();
        channel = InProcessChannelBuilder.forName(name).build();
        config = ConfigServiceGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() throws Exception {
        channel.shutdownNow();
        server.shutdownNow();
        service.close();
        log.close();
    }

    private static Resource resource(String text) {
        return Resource.newBuilder()
                .setSourceText(text)
                .setSourceName("shop.yaml")
                .setFirstLine(3)
                .build();
    }

    private static ApplyRequest.Builder applying(String... texts) {
        var request = ApplyRequest.newBuilder();
        for (var text : texts) {
            request.addUpserts(resource(text));
        }
        return request;
    }

    private ApplyResponse apply(String... texts) {
        return config.apply(applying(texts).build());
    }

    private static ResourceRef ref(String kind, String namespace, String name) {
        return ResourceRef.newBuilder()
                .setKind(kind)
                .setNamespace(namespace)
                .setName(name)
                .build();
    }

    private static StatusRuntimeException failure(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return catchThrowableOfType(StatusRuntimeException.class, call);
    }

    @Test
    void applyMakesOneRevisionOfManyObjects() {
        var response = apply("Gateway shop/edge", "VirtualService shop/cart");

        assertThat(response.getRevision()).isEqualTo(1);
        assertThat(response.getChangesList()).extracting(Change::getVerb).containsOnly(Change.Verb.CREATED);
    }

    @Test
    @Tag("H36")
    void applyOfWhatIsThereMakesNoRevision() {
        apply("Gateway shop/edge");

        assertThat(apply("Gateway shop/edge").getRevision()).isEqualTo(1);
        assertThat(config.apply(ApplyRequest.getDefaultInstance()).getRevision())
                .isEqualTo(1);
    }

    @Test
    void oneRefusedObjectKeepsOutAllAndEveryFindingIsInTheAnswer() {
        var failure = failure(() -> apply("Gateway shop/a REFUSED", "Gateway shop/b", "Gateway shop/c REFUSED"));

        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(findings(failure).getFindingsList()).hasSize(2);
        assertThat(config.status(StatusRequest.getDefaultInstance()).getResources())
                .isZero();
    }

    private static Findings findings(StatusRuntimeException failure) {
        try {
            var status = StatusProto.fromThrowable(failure);
            assertThat(status).isNotNull();
            return status.getDetails(0).unpack(Findings.class);
        } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aMillionFindingsDoNotBreakTheHeadersOfTheAnswer() {
        var texts = new String[2_000];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = "Gateway shop/g" + i + " REFUSED";
        }

        var findings = findings(failure(() -> apply(texts)));

        assertThat(findings.getTotal()).isEqualTo(2_000);
        assertThat(findings.getSerializedSize()).isLessThan(6_000);
    }

    @Test
    @Tag("H36")
    void expectedRevisionIsComparedWithTheHead() {
        apply("Gateway shop/edge");

        var old = failure(() ->
                config.apply(applying("Gateway shop/b").setExpectedRevision(0).build()));
        var future = failure(() ->
                config.apply(applying("Gateway shop/b").setExpectedRevision(7).build()));

        assertThat(old.getStatus().getCode()).isEqualTo(Status.Code.ABORTED);
        assertThat(old.getStatus().getDescription()).contains("r1");
        assertThat(future.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
    }

    @Test
    void aDryRunSaysWhatWouldChangeAndChangesNothing() {
        var response =
                config.apply(applying("Gateway shop/edge").setDryRun(true).build());

        assertThat(response.getDryRun()).isTrue();
        assertThat(response.getRevision()).isZero();
        assertThat(response.getChanges(0).getVerb()).isEqualTo(Change.Verb.CREATED);
        assertThat(config.status(StatusRequest.getDefaultInstance()).getRevision())
                .isZero();
    }

    @Test
    @Tag("H73")
    void theSameRequestIdGetsTheSameAnswerAndOneRevision() {
        var request = applying("Gateway shop/edge").setRequestId("one").build();
        var first = config.apply(request);
        apply("Gateway shop/edge later");

        assertThat(config.apply(request)).isEqualTo(first);
        assertThat(config.status(StatusRequest.getDefaultInstance()).getRevision())
                .isEqualTo(2);
    }

    @Test
    @Tag("H36")
    void aRequestIdCannotBeUsedForOtherContent() {
        config.apply(applying("Gateway shop/edge").setRequestId("one").build());

        var failure = failure(() ->
                config.apply(applying("Gateway shop/other").setRequestId("one").build()));

        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.ALREADY_EXISTS);
    }

    @Test
    void getAnswersAtTheHeadAndAtOldRevisions() {
        apply("Gateway shop/edge one");
        apply("Gateway shop/edge two");
        var ref = ref("Gateway", "shop", "edge");

        var now = config.get(GetRequest.newBuilder().setRef(ref).build()).getResource();
        var then = config.get(GetRequest.newBuilder().setRef(ref).setRevision(1).build())
                .getResource();

        assertThat(now.getSourceText()).isEqualTo("Gateway shop/edge two");
        assertThat(now.getOwner()).isEqualTo("api");
        assertThat(now.getRevision()).isEqualTo(2);
        assertThat(then.getSourceText()).isEqualTo("Gateway shop/edge one");
        assertThat(then.getAge()).isEqualTo(now.getAge());
    }

    @Test
    void getOfWhatIsNotThereIsNotFound() {
        var failure = failure(() -> config.get(
                GetRequest.newBuilder().setRef(ref("Gateway", "shop", "edge")).build()));

        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
        assertThat(failure.getStatus().getDescription()).isEqualTo("Gateway shop/edge does not exist");
    }

    @Test
    void listPagesInOrderOfKindNamespaceAndName() {
        apply("VirtualService shop/b", "Gateway shop/z", "VirtualService shop/a", "Gateway acme/a");
        var names = new ArrayList<String>();
        var token = "";
        do {
            var page = config.list(
                    ListRequest.newBuilder().setPageSize(3).setPageToken(token).build());
            page.getResourcesList()
                    .forEach(resource -> names.add(resource.getRef().getNamespace() + "/"
                            + resource.getRef().getName()));
            token = page.getNextPageToken();
        } while (!token.isEmpty());

        assertThat(names).containsExactly("acme/a", "shop/z", "shop/a", "shop/b");
    }

    @Test
    void aPageTokenOfAnotherListIsRefused() {
        apply("Gateway shop/a", "Gateway shop/b");
        var token = config.list(ListRequest.newBuilder().setPageSize(1).build()).getNextPageToken();

        var failure = failure(() -> config.list(
                ListRequest.newBuilder().setKind("Gateway").setPageToken(token).build()));

        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void deleteMakesARevisionWithoutTheObject() {
        apply("Gateway shop/a", "Gateway shop/b");

        var response = config.delete(DeleteRequest.newBuilder()
                .addRefs(ref("Gateway", "shop", "a"))
                .setMessage("gone")
                .build());

        assertThat(response.getRevision()).isEqualTo(2);
        assertThat(config.list(ListRequest.getDefaultInstance()).getResourcesCount())
                .isEqualTo(1);
    }

    @Test
    void historyTellsWhoDidWhatAndWhyNewestFirst() {
        config.apply(applying("Gateway shop/a").setMessage("first").build());
        config.apply(applying("Gateway shop/b").setMessage("second").build());
        config.apply(applying("Gateway shop/a changed").setMessage("third").build());

        var all = config.history(HistoryRequest.newBuilder().setLimit(2).build());
        var ofB = config.history(
                HistoryRequest.newBuilder().setRef(ref("Gateway", "shop", "b")).build());

        assertThat(all.getRevisionsList())
                .extracting(entry -> entry.getRevision() + " " + entry.getMessage() + " " + entry.getAuthor())
                .containsExactly("3 third api", "2 second api");
        assertThat(ofB.getRevisionsList())
                .extracting(entry -> entry.getMessage())
                .containsExactly("second");
    }

    @Test
    void theAuthorIsWhoTheCallerSaysItIsIfThatCanBePrinted() {
        as("ada@laptop").apply(applying("Gateway shop/a").build());
        as("two words").apply(applying("Gateway shop/b").build());
        as("x".repeat(129)).apply(applying("Gateway shop/c").build());

        assertThat(config.history(HistoryRequest.getDefaultInstance()).getRevisionsList())
                .extracting(entry -> entry.getAuthor())
                .containsExactly("api", "api", "api ada@laptop");
    }

    private ConfigServiceBlockingStub as(String user) {
        var headers = new Metadata();
        headers.put(Metadata.Key.of("sallyport-user", Metadata.ASCII_STRING_MARSHALLER), user);
        return config.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    @Test
    void validateStoresNothingAndReportsEverything() {
        var response = config.validate(ValidateRequest.newBuilder()
                .addResources(resource("Gateway shop/a REFUSED"))
                .addResources(resource("Gateway shop/b"))
                .build());

        assertThat(response.getFindingsCount()).isEqualTo(1);
        assertThat(response.getResources()).isEqualTo(2);
        assertThat(config.status(StatusRequest.getDefaultInstance()).getResources())
                .isZero();
    }

    private Iterator<WatchResponse> watch(long from) {
        return config.watch(WatchRequest.newBuilder().setFrom(from).build());
    }

    @Test
    @Tag("H72")
    void watchFromZeroStartsWithASnapshotAndGoesOnWithDeltas() {
        apply("Gateway shop/a", "Gateway shop/b");
        var stream = watch(0);
        var snapshot = stream.next();
        apply("Gateway shop/a changed");
        var delta = stream.next();

        assertThat(snapshot.getSnapshot()).isTrue();
        assertThat(snapshot.getLast()).isTrue();
        assertThat(snapshot.getUpsertsCount()).isEqualTo(2);
        assertThat(delta.getSnapshot()).isFalse();
        assertThat(delta.getRevision()).isEqualTo(2);
        assertThat(delta.getUpsertsList())
                .extracting(Resource::getSourceText)
                .containsExactly("Gateway shop/a changed");
    }

    @Test
    @Tag("F3")
    void watchResumesWithoutSnapshotAfterARestart() throws Exception {
        apply("Gateway shop/a");
        apply("Gateway shop/b");
        config.delete(
                DeleteRequest.newBuilder().addRefs(ref("Gateway", "shop", "a")).build());
        stop();
        start();

        var delta = watch(1).next();

        assertThat(delta.getSnapshot()).isFalse();
        assertThat(delta.getRevision()).isEqualTo(3);
        assertThat(delta.getUpsertsList()).extracting(Resource::getSourceText).containsExactly("Gateway shop/b");
        assertThat(delta.getDeletesList()).containsExactly(ref("Gateway", "shop", "a"));
    }

    @Test
    @Tag("H72")
    void watchRefusesRevisionsThatCannotBe() {
        var negative = failure(() -> watch(-1).next());
        var future = failure(() -> watch(1).next());
        var farFuture = failure(() -> watch(Long.MAX_VALUE).next());

        assertThat(negative.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(future.getStatus().getCode()).isEqualTo(Status.Code.OUT_OF_RANGE);
        assertThat(farFuture.getStatus().getCode()).isEqualTo(Status.Code.OUT_OF_RANGE);
    }

    @Test
    @Tag("H72")
    void oneCallerMayNotOpenAnyNumberOfWatches() {
        var open = List.of(watch(0), watch(0), watch(0));
        open.forEach(Iterator::next);

        var failure = failure(() -> watch(0).next());

        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    @Test
    void aLargeSnapshotComesInParts() {
        var filler = "x".repeat(400_000);
        apply("Gateway shop/a " + filler, "Gateway shop/b " + filler, "Gateway shop/c " + filler);
        var stream = watch(0);
        var names = new ArrayList<String>();
        WatchResponse part;
        int parts = 0;
        do {
            part = stream.next();
            parts++;
            assertThat(part.getSnapshot()).isTrue();
            part.getUpsertsList()
                    .forEach(resource -> names.add(resource.getRef().getName()));
        } while (!part.getLast());

        assertThat(names).containsExactly("a", "b", "c");
        assertThat(parts).isEqualTo(2);
    }

    @Test
    void secretsAreNotTaken() {
        var failure = failure(() -> apply("Secret shop/key abc"));

        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(failure.getStatus().getDescription())
                .contains("secret-service")
                .doesNotContain("abc");
    }

    /// Takes a message only when the test asks for one.
    private static final class SlowReader implements ClientResponseObserver<WatchRequest, WatchResponse> {

        private final LinkedBlockingQueue<WatchResponse> read = new LinkedBlockingQueue<>();
        private final CompletableFuture<ClientCallStreamObserver<WatchRequest>> call = new CompletableFuture<>();

        @Override
        public void beforeStart(ClientCallStreamObserver<WatchRequest> stream) {
            stream.disableAutoRequestWithInitial(0);
            call.complete(stream);
        }

        @Override
        public void onNext(WatchResponse message) {
            read.add(message);
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}

        WatchResponse next() throws Exception {
            call.get().request(1);
            var message = read.poll(20, TimeUnit.SECONDS);
            assertThat(message).isNotNull();
            return message;
        }
    }

    @Test
    @Tag("F19")
    void aSlowReaderGetsTheNewestStateAndNotAQueue() throws Exception {
        apply("Gateway shop/a 0");
        var reader = new SlowReader();
        ConfigServiceGrpc.newStub(channel)
                .watch(WatchRequest.newBuilder().setFrom(1).build(), reader);
        for (int i = 1; i <= 100; i++) {
            apply("Gateway shop/a " + i + " " + "x".repeat(20_000));
        }

        int messages = 0;
        WatchResponse message;
        do {
            message = reader.next();
            messages++;
        } while (message.getRevision() < 101);

        assertThat(message.getUpserts(0).getSourceText()).startsWith("Gateway shop/a 100 ");
        // What was under way when it stopped reading, and then one for all the rest.
        assertThat(messages).isLessThan(20);
    }

    @Test
    @Tag("H73")
    void twoAtOnceWithOneIdMakeOneRevision() throws Exception {
        var request = applying("Gateway shop/edge").setRequestId("twice").build();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var both =
                    List.of(threads.submit(() -> config.apply(request)), threads.submit(() -> config.apply(request)));

            assertThat(both.get(0).get()).isEqualTo(both.get(1).get());
        }
        assertThat(config.status(StatusRequest.getDefaultInstance()).getRevision())
                .isEqualTo(1);
    }

    @Test
    @Tag("H36")
    void aRequestLargerThanItsBoundIsRefused() {
        var large = resource("Gateway shop/edge " + "x".repeat(5 << 20));

        var failure = failure(() ->
                config.validate(ValidateRequest.newBuilder().addResources(large).build()));

        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    @Test
    @Tag("H29")
    void textsThatCannotBeKeptAreRefused() {
        var nul = failure(() ->
                config.apply(applying("Gateway shop/edge").setMessage("a\0b").build()));
        var id = failure(() -> config.apply(
                applying("Gateway shop/edge").setRequestId("two words").build()));
        var kind = failure(() -> config.get(
                GetRequest.newBuilder().setRef(ref("Gatewy", "shop", "edge")).build()));

        assertThat(List.of(nul, id, kind))
                .extracting(failure -> failure.getStatus().getCode())
                .containsOnly(Status.Code.INVALID_ARGUMENT);
    }
}
