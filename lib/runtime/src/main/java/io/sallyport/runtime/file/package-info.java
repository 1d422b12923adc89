/// Tells what happens to files. In go directories to watch; out come events of their entries, among them that a writer
/// has closed a file.
@NullMarked
package io.sallyport.runtime.file;

import org.jspecify.annotations.NullMarked;
