/// What an EgressPolicy stands for. In comes one policy; out go the Istio objects that say the same, as text that can
/// be applied in its place, with the rules about policies themselves.
@NullMarked
package io.sallyport.analysis.expansion;

import org.jspecify.annotations.NullMarked;
