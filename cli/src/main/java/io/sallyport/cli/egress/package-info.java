/// `sallyport egress`: what may leave, through which door, and why. In come a client and a place, or nothing;
/// out go the answers of egress-policy-service in words.
@NullMarked
package io.sallyport.cli.egress;

import org.jspecify.annotations.NullMarked;
