package io.sallyport.xds.publish;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.Inspections;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.Translator;
import org.jspecify.annotations.Nullable;

/// The real [Translation]: each image is judged once, then translated for each class.
public final class JudgedTranslation implements Translation {

    private final Analyzer analyzer;
    private final Translator translator = new Translator();
    private @Nullable CheckedImage judged;

    /// `known`: what single objects were found to be, by whoever judges them in this process.
    public JudgedTranslation(Inspections known) {
        this.analyzer = new Analyzer(known);
    }

    @Override
    public EnvoyResources translate(ConfigImage image, ProxyClass proxies) {
        var last = judged;
        if (last == null || last.image() != image) {
            last = analyzer.check(image);
            judged = last;
        }
        return translator.translate(last, proxies);
    }

    @Override
    public void forget(ProxyClass proxies) {
        translator.forget(proxies);
    }
}
