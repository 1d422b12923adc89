/// Kubernetes as a source of secrets. In come the Secrets of the namespaces that gateways are in, as people and
/// cert-manager write them; out come offers to the registry, which judges them like those of every other source.
@NullMarked
package io.sallyport.secret.kubernetes;

import org.jspecify.annotations.NullMarked;
