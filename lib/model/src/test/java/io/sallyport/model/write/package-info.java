/// Tests of the writer: what is written and read again is the same.
@NullMarked
package io.sallyport.model.write;

import org.jspecify.annotations.NullMarked;
