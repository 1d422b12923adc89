/// The `sallyport` command: what all commands share. In come words of a command line, out come lines for people or JSON
/// for programs, and one of three exit codes: 0 it worked, 1 the answer is no, 2 it could not be asked.
@NullMarked
package io.sallyport.cli;

import org.jspecify.annotations.NullMarked;
