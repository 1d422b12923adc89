/// A name server beside the Envoys, so that a name which its own server denies for a while keeps its addresses. In come
/// Envoy's questions; out go the answers of the machine's name servers or, where those deny or say nothing, the last
/// good one, for a bounded time.
@NullMarked
package io.sallyport.standalone.names;

import org.jspecify.annotations.NullMarked;
