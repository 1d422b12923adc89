/// Where rows come in: Envoy's access log service, and lines of Istio's text and JSON formats. In come messages and
/// lines; out go [io.sallyport.proto.accesslog.v1.AccessLogEntry] rows, bounded and without what must not be kept.
@NullMarked
package io.sallyport.accesslog.receive;

import org.jspecify.annotations.NullMarked;
