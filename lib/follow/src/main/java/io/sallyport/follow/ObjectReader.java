package io.sallyport.follow;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.SourceDocument;
import org.jspecify.annotations.Nullable;

/// Reads one accepted document, with the one reader that every service uses; null: it cannot be read here (it was
/// accepted by a newer version, or the store is damaged).
@FunctionalInterface
public interface ObjectReader {

    @Nullable ConfigObject<?> read(SourceDocument document);
}
