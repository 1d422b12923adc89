/// Tests of what all commands share.
@NullMarked
package io.sallyport.cli;

import org.jspecify.annotations.NullMarked;
