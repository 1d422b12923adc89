/// `EgressPolicyService`: questions of people and tools, and what access logs add to the answers.
@NullMarked
package io.sallyport.egress.api;

import org.jspecify.annotations.NullMarked;
