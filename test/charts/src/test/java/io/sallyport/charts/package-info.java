/// The charts of `deploy/charts` as Helm renders them. In go values as people set them, out come objects that are held
/// against what Kubernetes, Envoy and the services themselves accept.
@NullMarked
package io.sallyport.charts;

import org.jspecify.annotations.NullMarked;
