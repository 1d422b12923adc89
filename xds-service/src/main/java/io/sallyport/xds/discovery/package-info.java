/// The discovery protocol, delta and state of the world, as Envoy speaks it. In come requests and the snapshots of a
/// class; out go responses, clocked by acknowledgements. The sessions are pure state machines; [StreamLoop] is the one
/// place that touches gRPC.
@NullMarked
package io.sallyport.xds.discovery;

import org.jspecify.annotations.NullMarked;
