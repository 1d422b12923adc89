/// Tests of the questions about what leaves.
@NullMarked
package io.sallyport.cli.egress;

import org.jspecify.annotations.NullMarked;
