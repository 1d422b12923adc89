package io.sallyport.follow;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.SourceDocument;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.config.v1.WatchResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;

/// Applies what `Watch` says to the last image. Only documents whose text or age changed are read again, so an object
/// that did not change stays the same object, and everything made from it is found again.
final class ImageBuilder {

    private final ObjectReader reader;
    private final KnownObjects beside;
    private final NavigableMap<ObjectRef, String> unreadable = new ConcurrentSkipListMap<>();
    private ConfigImage image = ConfigImage.EMPTY;
    // The parts of a snapshot that is not complete yet.
    private final List<ConfigObject<?>> gathered = new ArrayList<>();
    private final Set<ObjectRef> present = new HashSet<>();

    ImageBuilder(ObjectReader reader, KnownObjects beside) {
        this.reader = reader;
        this.beside = beside;
    }

    ConfigImage image() {
        return image;
    }

    /// Objects that this process cannot read, with the place of each: their last good version stays.
    NavigableMap<ObjectRef, String> unreadable() {
        return unreadable;
    }

    /// A stream that broke in the middle of a snapshot left parts behind.
    void restart() {
        gathered.clear();
        present.clear();
    }

    /// The next image; empty while a snapshot is incomplete.
    Optional<ConfigImage> apply(WatchResponse message) {
        message.getUpsertsList().forEach(this::gather);
        if (message.getSnapshot() && !message.getLast()) {
            return Optional.empty();
        }
        var deletes = new ArrayList<ObjectRef>();
        if (message.getSnapshot()) {
            image.objects().forEach(object -> {
                if (!present.contains(object.ref())) {
                    deletes.add(object.ref());
                }
            });
        }
        for (var ref : message.getDeletesList()) {
            ref(ref).ifPresent(deletes::add);
        }
        deletes.forEach(ref -> unreadable.remove(ref));
        // Where something cannot be read here, its last good version stays, which the others do not have.
        var beside = unreadable.isEmpty() ? this.beside.image(message.getRevision()) : Optional.<ConfigImage>empty();
        image = beside.orElseGet(() -> image.with(message.getRevision(), gathered, deletes));
        restart();
        return Optional.of(image);
    }

    private void gather(Resource resource) {
        var ref = ref(resource.getRef());
        if (ref.isEmpty()) {
            return;
        }
        present.add(ref.get());
        var age = age(resource);
        var known = image.find(ref.get());
        if (known.isPresent() && isSame(known.get(), resource, age)) {
            return;
        }
        var source = new SourceDocument(
                resource.getSourceName(),
                resource.getFirstLine(),
                resource.getAge().getIndex(),
                resource.getSourceText(),
                resource.getDigest());
        var readBeside = beside.find(ref.get(), source, age);
        if (readBeside.isPresent()) {
            unreadable.remove(ref.get());
            gathered.add(readBeside.get());
            return;
        }
        var object = reader.read(source);
        if (object == null || !object.ref().equals(ref.get())) {
            unreadable.put(ref.get(), resource.getSourceName() + ":" + resource.getFirstLine());
            return;
        }
        unreadable.remove(ref.get());
        gathered.add(object.withAge(age));
    }

    private static boolean isSame(ConfigObject<?> known, Resource resource, Age age) {
        return known.source().digest().equals(resource.getDigest())
                && known.age().equals(age)
                && known.source().name().equals(resource.getSourceName())
                && known.source().firstLine() == resource.getFirstLine();
    }

    private static Age age(Resource resource) {
        var age = resource.getAge();
        return new Age(
                Instant.ofEpochSecond(age.getCreated().getSeconds()), age.getRevision(), age.getPath(), age.getIndex());
    }

    // A kind that a newer config-service accepts and we do not know has no effect here.
    private static Optional<ObjectRef> ref(ResourceRef ref) {
        return Kind.of(ref.getKind()).map(kind -> new ObjectRef(kind, ref.getNamespace(), ref.getName()));
    }
}
