@NullMarked
package io.sallyport.config.api;

import org.jspecify.annotations.NullMarked;
