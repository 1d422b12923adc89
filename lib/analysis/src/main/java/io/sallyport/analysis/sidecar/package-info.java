/// Rules about Sidecars: what Istio's admission refuses and what it warns of. In comes one Sidecar; out come findings.
/// The door is [io.sallyport.analysis.sidecar.SidecarRules].
@NullMarked
package io.sallyport.analysis.sidecar;

import org.jspecify.annotations.NullMarked;
