/// Tests of the questions about what leaves.
@NullMarked
package io.sallyport.cli.log;

import org.jspecify.annotations.NullMarked;
