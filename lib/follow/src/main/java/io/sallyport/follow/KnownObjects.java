package io.sallyport.follow;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.SourceDocument;
import java.util.Optional;

/// Objects that somebody in this process has read already: where config-service runs beside us, reading the same text a
/// second time costs time and memory and tells nothing new. What the stream says still decides what there is.
@FunctionalInterface
public interface KnownObjects {

    /// For a process of its own: everything is read here.
    KnownObjects NONE = (_, _, _) -> Optional.empty();

    /// The object that was read from exactly this text at this place, with this age. May wait until it has been read.
    Optional<ConfigObject<?>> find(ObjectRef ref, SourceDocument source, Age age);

    /// All objects of a revision at once, if they are at hand: the very image that others of this process have judged,
    /// so that what was found of it holds here too. May wait until it has been judged.
    default Optional<ConfigImage> image(long revision) {
        return Optional.empty();
    }
}
