/// What a proxy is to do, decided: precedence settled, references resolved, defaults filled in. In come checked
/// objects through the linker; out go the emitter and `explain`. It knows neither Istio nor Envoy, and it is pure data:
/// absence is a variant (`Retry.None`), never `null`.
@NullMarked
package io.sallyport.translation.plan;

import org.jspecify.annotations.NullMarked;
