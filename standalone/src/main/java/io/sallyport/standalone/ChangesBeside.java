package io.sallyport.standalone;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.config.store.RevisionListener;
import io.sallyport.follow.Arrival;
import io.sallyport.xds.XdsServer;
import java.time.Instant;

/// Tells xds-service in the same process of a revision while it is being written, and again once it is.
record ChangesBeside(XdsServer xds) implements RevisionListener {

    @Override
    public void storing(ConfigImage image) {
        xds.storing(image);
    }

    @Override
    public void stored(ConfigImage image, Instant made, String traceParent) {
        xds.stored(image, new Arrival(made, traceParent, false));
    }
}
