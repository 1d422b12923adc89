package io.sallyport.analysis;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.Location;
import io.sallyport.model.Path;
import io.sallyport.model.read.Positions;

/// Looks positions up in the text that an object was read from. Belongs to one thread, as its [Analyzer] does.
final class SourceLocator implements Locator {

    private final Positions positions = new Positions();

    @Override
    public Location locate(ConfigObject<?> object, Path path) {
        return positions.locate(object.source(), path, object.ref());
    }
}
