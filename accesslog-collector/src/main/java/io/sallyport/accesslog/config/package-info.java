/// What a row says about the configuration that decided it. In come rows with the object and its digest, which the
/// proxy has from its own configuration; out go the same rows with revision, gateway and certificate.
@NullMarked
package io.sallyport.accesslog.config;

import org.jspecify.annotations.NullMarked;
