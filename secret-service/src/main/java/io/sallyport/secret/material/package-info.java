/// What is inside a secret: one key pair with its chain, one trust bundle, each judged alone. In come the entries of a
/// secret as bytes; out comes what may be served, or the reason why not. It is pure: no I/O, threads or clock.
@NullMarked
package io.sallyport.secret.material;

import org.jspecify.annotations.NullMarked;
