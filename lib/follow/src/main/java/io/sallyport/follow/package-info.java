/// Follows config-service. In come the deltas of its `Watch`; out goes one [io.sallyport.analysis.ConfigImage] after
/// another, each sharing what did not change. While config-service is away, the last image stays.
@NullMarked
package io.sallyport.follow;

import org.jspecify.annotations.NullMarked;
