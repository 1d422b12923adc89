/// Metrics, for Prometheus to scrape.
/// In come meters from the services; out comes one text page. The number of series is bounded, so that no name in a
/// user's configuration can grow it without end.
@NullMarked
package io.sallyport.runtime.metric;

import org.jspecify.annotations.NullMarked;
