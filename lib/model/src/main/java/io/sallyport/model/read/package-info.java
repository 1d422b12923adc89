/// Reads YAML and JSON strictly. In come bytes with a file name; out come [io.sallyport.model.ConfigObject]s and
/// findings with line, column and path, all at once and never an exception. Depth, aliases, size and numbers of nodes
/// and documents are bounded by [io.sallyport.model.read.Bounds].
@NullMarked
package io.sallyport.model.read;

import org.jspecify.annotations.NullMarked;
