@NullMarked
package io.sallyport.follow;

import org.jspecify.annotations.NullMarked;
