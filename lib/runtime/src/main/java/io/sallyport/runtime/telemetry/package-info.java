/// What a service tells about itself while it works: traces of changes, and the meters that belong to them.
/// Comes in: the environment of OpenTelemetry (`OTEL_EXPORTER_OTLP_ENDPOINT`) and what other services say of a
/// change's trace. Goes out: spans to a collector, if one is named, and the ids that log lines show.
@NullMarked
package io.sallyport.runtime.telemetry;

import org.jspecify.annotations.NullMarked;
