/// Writes objects as canonical YAML. In comes a [io.sallyport.model.ConfigObject]; out comes text that the reader makes
/// the same object of.
@NullMarked
package io.sallyport.model.write;

import org.jspecify.annotations.NullMarked;
