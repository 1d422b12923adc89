package io.sallyport.analysis;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.SourceDocument;
import java.util.List;
import java.util.function.Function;

/// What [Analyzer]s found in single objects, shared among those of one process: an object is inspected when its file is
/// read, again among its neighbours, and again before it is linked, and the answer is the same each time.
///
/// Known by the identity of the text that it was read from, so that giving an object its age changes nothing, and only
/// for as long as somebody holds that text. Any thread may ask.
public final class Inspections {

    // Weak keys are compared by identity.
    private final Cache<SourceDocument, List<Finding>> known =
            CacheBuilder.newBuilder().weakKeys().build();

    List<Finding> of(ConfigObject<?> object, Function<ConfigObject<?>, List<Finding>> inspect) {
        var found = known.getIfPresent(object.source());
        if (found == null) {
            found = inspect.apply(object);
            known.put(object.source(), found);
        }
        return found;
    }
}
