/// The commands that speak to config-service: apply, delete, get, history. In come documents and names; out come the
/// revision that was made of them, or every reason why there is none.
@NullMarked
package io.sallyport.cli.config;

import org.jspecify.annotations.NullMarked;
