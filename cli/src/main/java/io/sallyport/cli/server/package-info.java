/// The way to a server: which one, with what token, and what its refusals mean to the user. In come options and calls;
/// out come responses, or a [io.sallyport.cli.CommandFailedException] that says what to do.
@NullMarked
package io.sallyport.cli.server;

import org.jspecify.annotations.NullMarked;
