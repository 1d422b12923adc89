/// Which secrets there are, which version of each is served, and what is kept of it. In come the entries that sources
/// offer; out come states. What is kept on disk is encrypted.
@NullMarked
package io.sallyport.secret.store;

import org.jspecify.annotations.NullMarked;
