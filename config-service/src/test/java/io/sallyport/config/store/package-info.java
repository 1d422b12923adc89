@NullMarked
package io.sallyport.config.store;

import org.jspecify.annotations.NullMarked;
