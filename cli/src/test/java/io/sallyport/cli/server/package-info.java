/// Servers in memory that the commands are tried against.
@NullMarked
package io.sallyport.cli.server;

import org.jspecify.annotations.NullMarked;
