package io.sallyport.translation;

import io.sallyport.analysis.CheckedImage;

/// The door of this library: links and emits. An instance remembers its last answer for each class of proxies, so that
/// the next image costs what changed; it belongs to one thread. Equal input gives equal bytes, whatever it saw before.
public final class Translator {

    /// Everything that proxies of this class are to run.
    public EnvoyResources translate(CheckedImage image, ProxyClass proxy) {
        return EnvoyResources.EMPTY;
    }

    /// Forgets what is remembered for a class that has no proxies any more.
    public void forget(ProxyClass proxy) {}
}
