/// The Envoys that `up` runs: their bootstraps, their processes, and what their admin sockets say.
/// In come the proxies that `sallyport.yaml` names; out come child processes that are started, adopted, replaced and
/// stopped so that they match. An Envoy outlives a killed `up` on purpose.
@NullMarked
package io.sallyport.standalone.envoy;

import org.jspecify.annotations.NullMarked;
