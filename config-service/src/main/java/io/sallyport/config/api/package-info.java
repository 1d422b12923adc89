/// The gRPC door of config-service. In come the requests of `sallyport.config.v1`; out come answers, streams of
/// revisions, and canonical errors whose details carry the findings.
@NullMarked
package io.sallyport.config.api;

import org.jspecify.annotations.NullMarked;
