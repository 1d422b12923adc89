/// The files that commands are given. In come paths and `-`; out come names and bytes, bounded, from regular files
/// only.
@NullMarked
package io.sallyport.cli.input;

import org.jspecify.annotations.NullMarked;
