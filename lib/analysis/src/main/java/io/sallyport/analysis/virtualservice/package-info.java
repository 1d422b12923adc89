/// Rules about VirtualServices: what Istio's admission refuses, what it warns of, and what hurts though it does not.
/// In comes one VirtualService; out come findings. The door is
/// [io.sallyport.analysis.virtualservice.VirtualServiceRules].
@NullMarked
package io.sallyport.analysis.virtualservice;

import org.jspecify.annotations.NullMarked;
