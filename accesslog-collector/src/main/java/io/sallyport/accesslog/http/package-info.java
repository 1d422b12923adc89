/// `AccessLogService` over HTTP with JSON, for whoever has no gRPC: the same questions, answers and callers.
/// In come query parameters or proto3 JSON; out goes proto3 JSON, and a live tail as server-sent events. What
/// there is to ask is read from the service's own descriptor, and so is its OpenAPI.
@NullMarked
package io.sallyport.accesslog.http;

import org.jspecify.annotations.NullMarked;
