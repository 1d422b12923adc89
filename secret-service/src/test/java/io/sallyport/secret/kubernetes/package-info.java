@NullMarked
package io.sallyport.secret.kubernetes;

import org.jspecify.annotations.NullMarked;
