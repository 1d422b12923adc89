package io.sallyport.follow;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.Metadata;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.SourceDocument;
import io.sallyport.model.Spec;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.config.v1.WatchRequest;
import io.sallyport.proto.config.v1.WatchResponse;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ConfigFollowerTest {

    private record Text(String text) implements Spec {}

    private record Watch(long from, StreamObserver<WatchResponse> answers) {}

    private final BlockingQueue<Watch> watches = new LinkedBlockingQueue<>();
    private final BlockingQueue<ConfigImage> images = new LinkedBlockingQueue<>();
    private final AtomicInteger reads = new AtomicInteger();
    private final Server server;
    private final ManagedChannel channel;
    private final ConfigFollower follower;

    ConfigFollowerTest() throws IOException {
        var name = UUID.randomUUID().toString();
        server = InProcessServerBuilder.forName(name)
                .addService(new ConfigServiceGrpc.ConfigServiceImplBase() {
                    @Override
                    public void watch(WatchRequest request, StreamObserver<WatchResponse> answers) {
                        watches.add(new Watch(request.getFrom(), answers));
                    }
                })
                .build()
                .start();
        channel = InProcessChannelBuilder.forName(name).build();
        follower = new ConfigFollower(channel, this::read, images::add, RandomGenerator.of("L64X128MixRandom"));
    }

    @AfterEach
    void close() {
        follower.close();
        channel.shutdownNow();
        server.shutdownNow();
    }

    @Test
    void aSnapshotInPartsIsOneImage() throws Exception {
        var watch = watch();
        watch.answers().onNext(snapshot(3, false, resource("a", "1")));
        watch.answers().onNext(snapshot(3, true, resource("b", "1")));

        var image = image();

        assertThat(image.revision()).isEqualTo(3);
        assertThat(image.size()).isEqualTo(2);
        assertThat(images).isEmpty();
    }

    @Test
    void aDeltaReadsOnlyWhatChanged() throws Exception {
        var watch = watch();
        watch.answers().onNext(snapshot(1, true, resource("a", "1"), resource("b", "1")));
        var first = image();
        watch.answers()
                .onNext(WatchResponse.newBuilder()
                        .setRevision(2)
                        .setLast(true)
                        .addUpserts(resource("a", "2"))
                        .build());

        var second = image();

        assertThat(reads.get()).isEqualTo(3);
        assertThat(second.find(ref("b")).orElseThrow())
                .isSameAs(first.find(ref("b")).orElseThrow());
        assertThat(second.changesSince(first)).containsExactly(ref("a"));
    }

    @Test
    @Tag("F3")
    void afterABreakTheWatchResumesAndNothingIsReadAgain() throws Exception {
        var watch = watch();
        watch.answers().onNext(snapshot(5, true, resource("a", "1")));
        image();
        watch.answers().onError(Status.UNAVAILABLE.asRuntimeException());

        var again = watch();

        assertThat(again.from()).isEqualTo(5);
        again.answers()
                .onNext(WatchResponse.newBuilder()
                        .setRevision(6)
                        .setLast(true)
                        .addDeletes(wire("a"))
                        .build());
        assertThat(image().size()).isZero();
        assertThat(reads.get()).isEqualTo(1);
    }

    @Test
    void aSnapshotAfterABreakKeepsTheObjectsThatDidNotChangeAndDropsThoseThatAreGone() throws Exception {
        var watch = watch();
        watch.answers().onNext(snapshot(5, true, resource("a", "1"), resource("gone", "1")));
        var before = image();
        watch.answers().onNext(snapshot(9, false, resource("half", "1")));
        watch.answers().onError(Status.UNAVAILABLE.asRuntimeException());
        watch().answers().onNext(snapshot(9, true, resource("a", "1")));

        var after = image();

        assertThat(after.size()).isEqualTo(1);
        assertThat(after.find(ref("a")).orElseThrow())
                .isSameAs(before.find(ref("a")).orElseThrow());
    }

    @Test
    void aStoreThatWasPutBackIsReadFromTheStart() throws Exception {
        var watch = watch();
        watch.answers().onNext(snapshot(5, true, resource("a", "1")));
        image();
        watch.answers().onError(Status.OUT_OF_RANGE.asRuntimeException());

        assertThat(watch().from()).isZero();
    }

    @Test
    @Tag("V25")
    void anObjectThatCannotBeReadKeepsItsLastGoodVersionAndIsNamed() throws Exception {
        var watch = watch();
        watch.answers().onNext(snapshot(1, true, resource("a", "1"), resource("b", "1")));
        var before = image();
        watch.answers().onNext(snapshot(2, true, resource("a", "unreadable"), resource("b", "2")));

        var after = image();

        assertThat(after.find(ref("a")).orElseThrow())
                .isSameAs(before.find(ref("a")).orElseThrow());
        assertThat(((Text) after.find(ref("b")).orElseThrow().spec()).text()).isEqualTo("2");
        assertThat(follower.unreadable()).containsExactly(java.util.Map.entry(ref("a"), "shop.yaml:1"));
    }

    @Test
    void theImageThatOthersHaveJudgedIsTakenUnlessSomethingCannotBeReadHere() {
        var judged = ConfigImage.EMPTY.with(7, List.of(), List.of());
        var beside = new KnownObjects() {
            @Override
            public Optional<ConfigObject<?>> find(ObjectRef ref, SourceDocument source, Age age) {
                return Optional.empty();
            }

            @Override
            public Optional<ConfigImage> image(long revision) {
                return Optional.of(judged).filter(image -> image.revision() == revision);
            }
        };
        var builder = new ImageBuilder(this::read, beside);

        assertThat(builder.apply(snapshot(7, true, resource("a", "1")))).containsSame(judged);
        assertThat(builder.apply(snapshot(8, true, resource("a", "unreadable"))))
                .hasValueSatisfying(image -> assertThat(image.revision()).isEqualTo(8));
        assertThat(builder.apply(snapshot(7, true, resource("a", "unreadable"))))
                .hasValueSatisfying(image -> assertThat(image).isNotSameAs(judged));
    }

    @Test
    void whatComesAheadOfTheStreamIsHandedOnOnce() throws Exception {
        var answers = watch().answers();
        answers.onNext(snapshot(1, true, resource("a", "1")));
        var first = image();
        var ahead = first.with(3, List.of(), List.of(ref("a")));

        follower.ahead(ahead, Arrival.UNKNOWN);
        assertThat(image()).isSameAs(ahead);
        follower.ahead(ahead, Arrival.UNKNOWN);
        answers.onNext(snapshot(2, true, resource("a", "2")));
        answers.onNext(snapshot(4, true, resource("a", "4")));

        assertThat(image().revision()).isEqualTo(4);
        assertThat(images).isEmpty();
    }

    @Test
    void theStreamAloneSaysWhatThereIsAtFirstAndWhileSomethingCannotBeReadHere() throws Exception {
        var ahead = ConfigImage.EMPTY.with(9, List.of(), List.of());
        var answers = watch().answers();
        follower.ahead(ahead, Arrival.UNKNOWN);
        answers.onNext(snapshot(1, true, resource("a", "1")));
        assertThat(image().revision()).isEqualTo(1);
        answers.onNext(snapshot(2, true, resource("a", "unreadable")));
        assertThat(image().revision()).isEqualTo(2);

        follower.ahead(ahead, Arrival.UNKNOWN);
        answers.onNext(snapshot(3, true, resource("a", "3")));

        assertThat(image().revision()).isEqualTo(3);
        assertThat(follower.isUpToDate()).isTrue();
    }

    @Test
    void anEmptyConfigurationIsAnImageToo() throws Exception {
        watch().answers().onNext(snapshot(0, true));

        assertThat(image().size()).isZero();
        assertThat(follower.isComplete()).isTrue();
    }

    private @Nullable ConfigObject<?> read(SourceDocument document) {
        reads.incrementAndGet();
        var parts = document.text().split("=", 2);
        if (parts[1].equals("unreadable")) {
            return null;
        }
        var metadata = new Metadata("networking.istio.io/v1", new TreeMap<>(), new TreeMap<>(), null);
        return new ConfigObject<>(ref(parts[0]), metadata, new Text(parts[1]), document, Age.NONE);
    }

    private Watch watch() throws InterruptedException {
        var watch = watches.poll(20, TimeUnit.SECONDS);
        assertThat(watch).isNotNull();
        return watch;
    }

    private ConfigImage image() throws InterruptedException {
        var image = images.poll(20, TimeUnit.SECONDS);
        assertThat(image).isNotNull();
        return image;
    }

    private static WatchResponse snapshot(long revision, boolean last, Resource... resources) {
        return WatchResponse.newBuilder()
                .setRevision(revision)
                .setSnapshot(true)
                .setLast(last)
                .addAllUpserts(List.of(resources))
                .build();
    }

    private static Resource resource(String name, String text) {
        return Resource.newBuilder()
                .setRef(wire(name))
                .setSourceText(name + "=" + text)
                .setSourceName("shop.yaml")
                .setFirstLine(1)
                .setDigest(name + text)
                .build();
    }

    private static ResourceRef wire(String name) {
        return ResourceRef.newBuilder()
                .setKind("Gateway")
                .setNamespace("shop")
                .setName(name)
                .build();
    }

    private static ObjectRef ref(String name) {
        return new ObjectRef(Kind.GATEWAY, "shop", name);
    }
}
