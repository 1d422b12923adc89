@NullMarked
package io.sallyport.analysis;

import org.jspecify.annotations.NullMarked;
