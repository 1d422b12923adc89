/// What every process of Sallyport needs around its services: settings, an order of starting and stopping, readiness.
/// In come a settings file and the parts to run; out comes a process that starts in order, says when it is ready, and
/// stops in the opposite order. Nothing here knows what a gateway is.
@NullMarked
package io.sallyport.runtime;

import org.jspecify.annotations.NullMarked;
