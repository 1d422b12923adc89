@NullMarked
package io.sallyport.config.kubernetes;

import org.jspecify.annotations.NullMarked;
