/// Tests of the command that needs no server.
@NullMarked
package io.sallyport.cli.check;

import org.jspecify.annotations.NullMarked;
