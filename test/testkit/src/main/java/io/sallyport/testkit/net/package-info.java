/// Clients and backends for tests: they send what they are told, byte for byte, and remember what they saw.
/// In come requests; out come answers and what the other side received. Ports are chosen by the system.
@NullMarked
package io.sallyport.testkit.net;

import org.jspecify.annotations.NullMarked;
