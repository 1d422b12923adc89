/// The backends of the quickstart, so that its gateway has something to send requests to.
/// In come nothing but fixed ports on loopback; out come small answers that show who answered what.
@NullMarked
package io.sallyport.standalone.demo;

import org.jspecify.annotations.NullMarked;
