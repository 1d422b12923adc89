package io.sallyport.analysis;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.SourceDocument;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/// What [Analyzer]s found in single objects, shared among those of one process: an object is inspected when its file is
/// read, again among its neighbours, and again before it is linked, and the answer is the same each time.
///
/// Known by the identity of the text that it was read from, so that giving an object its age changes nothing, and only
/// for as long as somebody holds that text. Any thread may ask.
///
/// Whole images are shared too, by whoever judges them first and says so: the others need neither judge the same image
/// again nor keep an index of their own.
public final class Inspections {

    // Others are some revisions behind at most; who is further behind judges by itself.
    private static final int IMAGES = 16;

    // So that old images do not keep much alive that the newest one does not have.
    private static final int MOST_CHANGED = 2_000;

    // Weak keys are compared by identity.
    private final Cache<SourceDocument, List<Finding>> known =
            CacheBuilder.newBuilder().weakKeys().build();
    private volatile ImmutableList<CheckedImage> images = ImmutableList.of();
    private volatile ImmutableSet<String> sound = ImmutableSet.of();

    List<Finding> of(ConfigObject<?> object, Function<ConfigObject<?>, List<Finding>> inspect) {
        var found = known.getIfPresent(object.source());
        if (found == null) {
            found = sound.contains(object.source().digest()) ? List.of() : inspect.apply(object);
            known.put(object.source(), found);
        }
        return found;
    }

    /// Takes the word of an earlier process with the same rules and the same reader: in documents of these
    /// texts, named by [SourceDocument#digest], it found nothing by themselves. Until the next call; an empty
    /// set ends it.
    public void trust(Set<String> digests) {
        sound = ImmutableSet.copyOf(digests);
    }

    /// Whether an object was inspected, here or by the process whose word was taken, and nothing was found in
    /// it by itself.
    public boolean isSound(ConfigObject<?> object) {
        var found = known.getIfPresent(object.source());
        return found != null && found.isEmpty();
    }

    /// Lets other analyzers take what was found of an image, and of the last few before it. What was remembered of the
    /// same revision is forgotten.
    public synchronized void remember(CheckedImage newest) {
        var kept = ImmutableList.<CheckedImage>builder().add(newest);
        for (var older : images.subList(0, Math.min(images.size(), IMAGES - 1))) {
            if (older.source().revision() == newest.source().revision()) {
                // Judged again, or a revision that could not be written.
                continue;
            }
            var changed = newest.source().stepsSince(older.source());
            if (changed.isEmpty() || changed.get().size() > MOST_CHANGED) {
                break;
            }
            kept.add(older);
        }
        images = kept.build();
    }

    /// What was found of exactly this image, if it still holds.
    Optional<CheckedImage> checked(ConfigImage source, Optional<Instant> at) {
        return images.stream()
                .filter(each -> each.source() == source && each.holdsAt(at))
                .findFirst();
    }

    /// The image of a revision that somebody of this process has judged not long ago.
    public Optional<ConfigImage> image(long revision) {
        return images.stream()
                .map(CheckedImage::source)
                .filter(image -> image.revision() == revision)
                .findFirst();
    }
}
