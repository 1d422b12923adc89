/// The real thing for tests: `sallyport up` as a child process with ports of its own, and the real Envoys
/// that it starts. In comes configuration; out come the ports that its gateways are bound to.
@NullMarked
package io.sallyport.testkit.stack;

import org.jspecify.annotations.NullMarked;
