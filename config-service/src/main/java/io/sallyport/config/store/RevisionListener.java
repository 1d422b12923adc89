package io.sallyport.config.store;

import io.sallyport.analysis.ConfigImage;
import java.time.Instant;

/// Hears inside this process what every watcher is told by its stream, and earlier. Called on the thread that owns the
/// log, which waits meanwhile: it must only hand on.
public interface RevisionListener {

    /// A revision is being written. Whatever it takes to serve it may be made ready, but nobody may see any of it: if
    /// it cannot be written, it never was, and another image will have its number.
    void storing(ConfigImage image);

    /// The revision of this image is on disk, and the newest. `made` and `traceParent` as a stream tells them.
    void stored(ConfigImage image, Instant made, String traceParent);
}
