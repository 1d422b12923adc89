/// Rules about DestinationRules: what Istio's admission refuses, what it warns of, and what hurts though it does not.
/// In comes one DestinationRule; out come findings. The door is
/// [io.sallyport.analysis.destinationrule.DestinationRuleRules].
@NullMarked
package io.sallyport.analysis.destinationrule;

import org.jspecify.annotations.NullMarked;
