/// What may leave, through which door, and why. In come a judged configuration and a question; out goes what client
/// proxies and gateways would do, read from the same plans and resources that they are given, so that no second opinion
/// can arise.
@NullMarked
package io.sallyport.translation.egress;

import org.jspecify.annotations.NullMarked;
