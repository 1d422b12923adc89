/// Tests of how values are written.
@NullMarked
package io.sallyport.runtime.text;

import org.jspecify.annotations.NullMarked;
