package io.sallyport.analysis.world;

import io.sallyport.analysis.ConfigImage;

/// What refers to what. Immutable; the next world shares what did not change.
public final class World {

    public static final World EMPTY = new World(ConfigImage.EMPTY);

    private final ConfigImage image;

    private World(ConfigImage image) {
        this.image = image;
    }

    /// The world over `next`, made from this one by what changed.
    public World next(ConfigImage next) {
        return next == image ? this : new World(next);
    }
}
