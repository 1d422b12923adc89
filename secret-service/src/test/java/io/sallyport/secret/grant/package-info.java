@NullMarked
package io.sallyport.secret.grant;

import org.jspecify.annotations.NullMarked;
