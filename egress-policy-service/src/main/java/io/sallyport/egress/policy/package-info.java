/// The effective policy of each class of clients, as of the newest configuration. In come images; out go verdicts, all
/// of them made by the library that programs the Envoys.
@NullMarked
package io.sallyport.egress.policy;

import org.jspecify.annotations.NullMarked;
