/// The Gateway API's resources (`gateway.networking.k8s.io`), field by field, standard and experimental channel
/// alike. In come documents by the one reader; out go records that `lib/analysis` spells as Istio's objects.
@NullMarked
package io.sallyport.model.gatewayapi;

import org.jspecify.annotations.NullMarked;
