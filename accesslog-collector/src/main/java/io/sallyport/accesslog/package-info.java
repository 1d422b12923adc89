/// accesslog-collector: from Envoy through Kafka to an answer. In come access logs of proxies and questions
/// of people; out go rows, counts and percentiles, each with a figure of how complete it is.
@NullMarked
package io.sallyport.accesslog;

import org.jspecify.annotations.NullMarked;
