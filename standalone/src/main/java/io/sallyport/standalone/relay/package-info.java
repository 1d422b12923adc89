/// A gateway's relay: stands between one Envoy and the services that program it, so that the Envoy also starts while
/// they are away. In come Envoy's discovery calls; out go the answers of the services or, where nobody answers, what
/// this Envoy took last, which is kept sealed on disk.
@NullMarked
package io.sallyport.standalone.relay;

import org.jspecify.annotations.NullMarked;
