package io.sallyport.analysis;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.Location;
import io.sallyport.model.Path;

/// Finds the line and column of a path in an object's source. Called only for what is reported.
interface Locator {

    Location locate(ConfigObject<?> object, Path path);
}
