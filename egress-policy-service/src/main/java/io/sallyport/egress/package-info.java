/// The wiring of egress-policy-service: what may leave, through which door, and why. In come the configuration as
/// config-service accepts it and the rows of access logs; out go answers. It enforces nothing: Envoys do.
@NullMarked
package io.sallyport.egress;

import org.jspecify.annotations.NullMarked;
