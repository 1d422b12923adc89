/// What Envoy would do with a request, answered without Envoy. In come [io.sallyport.translation.EnvoyResources] and a
/// request, out comes an answer with the route that was taken and why the others were not. It is pure.
@NullMarked
package io.sallyport.translation.simulate;

import org.jspecify.annotations.NullMarked;
