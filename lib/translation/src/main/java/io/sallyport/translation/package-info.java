/// From a checked image to Envoy's resources, for one class of proxies at a time. In comes a
/// [io.sallyport.analysis.CheckedImage] and a [ProxyClass]; out comes [EnvoyResources]. It is pure.
@NullMarked
package io.sallyport.translation;

import org.jspecify.annotations.NullMarked;
