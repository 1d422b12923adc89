/// Answers who runs what, who refused what, and when a revision is live. In comes the
/// [io.sallyport.xds.discovery.Fleet]; out goes `ProxyService`.
@NullMarked
package io.sallyport.xds.status;

import org.jspecify.annotations.NullMarked;
