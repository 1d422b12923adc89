/// Spells plans in Envoy's words. In come plan nodes of one class of proxies, out come
/// [io.sallyport.translation.EnvoyResource]s, checked as they leave and serialised once. Nothing is decided here: no
/// look-up, no default, no sorting by meaning.
@NullMarked
package io.sallyport.translation.emit;

import org.jspecify.annotations.NullMarked;
