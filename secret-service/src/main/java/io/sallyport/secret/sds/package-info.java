/// Envoy's secret discovery service. In come names that proxies ask for and the states of secrets; out goes
/// one secret a response, to proxies of its own namespace alone, and at once the word that there is none.
@NullMarked
package io.sallyport.secret.sds;

import org.jspecify.annotations.NullMarked;
