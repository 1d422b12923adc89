/// What the services tell about themselves: traces, metrics, log lines. Comes in: changes made through the real API.
/// Goes out: what a collector of traces and a scraper would get.
@NullMarked
package io.sallyport.standalone.telemetry;

import org.jspecify.annotations.NullMarked;
