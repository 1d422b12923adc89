/// How parts of Sallyport prove to each other who they are: certificates from files that may change at any
/// time. In come three PEM files; out come what gRPC, HTTP and plain Java need for a handshake, always with the
/// peer checked. There is no switch that leaves the check out. A peer that is refused is named, with the
/// reason.
@NullMarked
package io.sallyport.runtime.tls;

import org.jspecify.annotations.NullMarked;
