package io.sallyport.xds.publish;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.Inspections;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.Translator;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The real [Translation]: each image is judged once, then translated for each class.
public final class JudgedTranslation implements Translation {

    private final Analyzer analyzer;
    private final Translator translator = new Translator();
    private @Nullable CheckedImage judged;

    private final InstantSource clock;

    /// `known`: what single objects were found to be, by whoever judges them in this process. The clock says which
    /// EgressPolicies have ended.
    public JudgedTranslation(Inspections known, InstantSource clock) {
        this.analyzer = new Analyzer(known);
        this.clock = clock;
    }

    @Override
    public EnvoyResources translate(ConfigImage image, ProxyClass proxies) {
        // The same answer as before, unless the image or a policy's end came between.
        var now = analyzer.check(image, clock.instant());
        judged = now;
        return translator.translate(now, proxies);
    }

    @Override
    public void prepare(ConfigImage image, ProxyClass proxies) {
        translator.prepare(analyzer.check(image, clock.instant()), proxies);
    }

    @Override
    public Optional<Instant> nextChange() {
        return judged == null ? Optional.empty() : judged.nextChange();
    }

    @Override
    public ConfigImage expanded(ConfigImage image) {
        return judged != null && judged.source() == image ? judged.image() : image;
    }

    @Override
    public void forget(ProxyClass proxies) {
        translator.forget(proxies);
    }
}
