package io.sallyport.analysis;

import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import java.util.List;

/// Judges images. An instance remembers its last answer, so that judging the next image costs what changed; it belongs
/// to one thread. Equal images get equal answers, whatever the instance saw before.
public final class Analyzer {

    private World world = World.EMPTY;

    /// What is wrong with one object by itself (`SP1xxx`, and the `SP4xxx` that need no other object).
    public List<Finding> inspect(ConfigObject<?> object) {
        return List.of();
    }

    /// Judges all objects together.
    public CheckedImage check(ConfigImage image) {
        world = world.next(image);
        return new CheckedImage(image, world, List.of());
    }
}
