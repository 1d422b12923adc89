/// Adds a client proxy to pods: what `sallyport inject` and the mutating webhook both do. A pod, or the template of
/// one, comes in as JSON; a list of additions goes out, or the reason why there are none. Nothing here reads files,
/// asks servers or knows the time.
@NullMarked
package io.sallyport.kubernetes.inject;

import org.jspecify.annotations.NullMarked;
