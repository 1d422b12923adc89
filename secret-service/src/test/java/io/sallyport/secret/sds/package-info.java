@NullMarked
package io.sallyport.secret.sds;

import org.jspecify.annotations.NullMarked;
