/// Istio's resources as records, and the strict reader that makes them from YAML and JSON.
/// In comes text with a file name; out come [ConfigObject]s, or [Finding]s that name file, line, column and path.
/// It is pure: no I/O, threads, clock or logger.
@NullMarked
package io.sallyport.model;

import org.jspecify.annotations.NullMarked;
