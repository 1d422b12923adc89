/// Tests of the strict reader.
@NullMarked
package io.sallyport.model.read;

import org.jspecify.annotations.NullMarked;
