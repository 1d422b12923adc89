/// Rules about Gateways: what Istio's admission refuses, what it warns of, and what hurts though it does not.
/// In comes one Gateway; out come findings. The door is [io.sallyport.analysis.gateway.GatewayRules].
@NullMarked
package io.sallyport.analysis.gateway;

import org.jspecify.annotations.NullMarked;
