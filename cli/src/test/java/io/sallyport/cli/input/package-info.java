/// Tests of what is read from disk.
@NullMarked
package io.sallyport.cli.input;

import org.jspecify.annotations.NullMarked;
