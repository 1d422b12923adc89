package io.sallyport.standalone;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.config.ConfigServer;
import io.sallyport.follow.KnownObjects;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.SourceDocument;
import java.util.Optional;

/// What config-service has read and judged, for the services beside it in `up`.
record ConfigBeside(ConfigServer config) implements KnownObjects {

    @Override
    public Optional<ConfigObject<?>> find(ObjectRef ref, SourceDocument source, Age age) {
        return config.find(ref, source, age);
    }

    @Override
    public Optional<ConfigImage> image(long revision) {
        return config.image(revision);
    }
}
