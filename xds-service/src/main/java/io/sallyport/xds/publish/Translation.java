package io.sallyport.xds.publish;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ProxyClass;
import java.time.Instant;
import java.util.Optional;

/// From an image to what one class of proxies runs: the analyzer and the translator behind one door. An instance
/// belongs to one thread and may remember its last answers; after an exception it is thrown away and made anew.
public interface Translation {

    EnvoyResources translate(ConfigImage image, ProxyClass proxies);

    /// Does beforehand what [#translate] will do if this image comes next. Another may come in its place,
    /// which must not show any of this one.
    default void prepare(ConfigImage image, ProxyClass proxies) {}

    /// When the last answer will be another one although its image stays: an EgressPolicy ends.
    default Optional<Instant> nextChange() {
        return Optional.empty();
    }

    /// The image as it was translated last, with the objects that EgressPolicies stand for.
    default ConfigImage expanded(ConfigImage image) {
        return image;
    }

    /// Forgets what is remembered for a class that has no proxies any more.
    void forget(ProxyClass proxies);
}
