/// A Kafka broker of one node as a program of its own. In comes a properties file; out goes a broker that
/// ends with the process that started it.
@NullMarked
package io.sallyport.broker;

import org.jspecify.annotations.NullMarked;
