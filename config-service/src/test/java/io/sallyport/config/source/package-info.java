@NullMarked
package io.sallyport.config.source;

import org.jspecify.annotations.NullMarked;
