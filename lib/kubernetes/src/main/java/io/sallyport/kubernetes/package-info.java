/// Keeps up with objects of a Kubernetes API server, for services that have them as a source. In come the kinds that a
/// service wants; out come the newest known state of each object, and word of what changed. Whatever happens to the
/// connection, nothing counts as deleted that the API server did not say to be.
@NullMarked
package io.sallyport.kubernetes;

import org.jspecify.annotations.NullMarked;
