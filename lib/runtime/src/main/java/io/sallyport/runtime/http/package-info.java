/// The HTTP door of a process: health, readiness, metrics and version, on Dropwizard.
/// In come readiness and metrics; out comes one listening port that answers only callers who name it as it is named.
/// Dropwizard's admin context (threads, tasks, JMX) is never served.
@NullMarked
package io.sallyport.runtime.http;

import org.jspecify.annotations.NullMarked;
