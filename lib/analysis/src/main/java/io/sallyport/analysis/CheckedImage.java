package io.sallyport.analysis;

import io.sallyport.analysis.world.World;
import io.sallyport.model.Finding;
import java.util.List;

/// An image that has been judged, with the indexes over it. Only [Analyzer] makes one, so whoever holds it need not
/// check references again: each is in `world`, or is explicitly unknown.
public final class CheckedImage {

    private final ConfigImage image;
    private final World world;
    private final List<Finding> findings;

    CheckedImage(ConfigImage image, World world, List<Finding> findings) {
        this.image = image;
        this.world = world;
        this.findings = List.copyOf(findings);
    }

    public ConfigImage image() {
        return image;
    }

    public World world() {
        return world;
    }

    /// All findings about stored objects, ordered by object, path and code.
    public List<Finding> findings() {
        return findings;
    }
}
