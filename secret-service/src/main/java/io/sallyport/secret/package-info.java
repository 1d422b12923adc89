/// Secret-service: the only part of Sallyport that sees private keys. In come secrets from directories and the API; out
/// go keys to the proxies of their namespace, and to everybody else what became of each secret.
@NullMarked
package io.sallyport.secret;

import org.jspecify.annotations.NullMarked;
