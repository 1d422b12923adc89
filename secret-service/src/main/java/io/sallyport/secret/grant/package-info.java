/// What the configuration says about secrets: which are lent to whom, and which files gateways name. In comes
/// config-service's `Watch`; out goes a picture that streams ask. Of the configuration only this is kept.
@NullMarked
package io.sallyport.secret.grant;

import org.jspecify.annotations.NullMarked;
