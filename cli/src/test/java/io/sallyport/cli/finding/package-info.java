/// Tests of how findings look.
@NullMarked
package io.sallyport.cli.finding;

import org.jspecify.annotations.NullMarked;
