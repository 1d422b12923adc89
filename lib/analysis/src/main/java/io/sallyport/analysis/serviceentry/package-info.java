/// Rules about ServiceEntries and their workloads: what Istio's admission refuses, what it warns of, and what hurts
/// though it does not. In comes one object; out come findings. The door is
/// [io.sallyport.analysis.serviceentry.ServiceEntryRules].
@NullMarked
package io.sallyport.analysis.serviceentry;

import org.jspecify.annotations.NullMarked;
