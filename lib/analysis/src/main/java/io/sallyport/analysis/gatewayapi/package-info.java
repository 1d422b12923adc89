/// What the Gateway API's resources and Ingresses stand for. In comes an image; out go the Istio objects that
/// say the same, as far as they can, each with the lines of what people wrote, and the standard's conditions
/// for each resource.
@NullMarked
package io.sallyport.analysis.gatewayapi;

import org.jspecify.annotations.NullMarked;
