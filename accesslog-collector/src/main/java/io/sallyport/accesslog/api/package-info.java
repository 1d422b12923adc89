/// What callers see: `AccessLogService` over gRPC and the same over HTTP with JSON. In come questions; out go
/// answers, each with a figure of how complete it is, and the rows of the caller's namespaces alone.
@NullMarked
package io.sallyport.accesslog.api;

import org.jspecify.annotations.NullMarked;
