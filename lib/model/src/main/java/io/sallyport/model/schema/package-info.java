/// Describes the records of the model: which fields a kind has, of which type, and what holds between them. In come
/// record classes, once, by reflection; out comes the table that the reader, the writer, "did you mean" and the
/// generated reference share.
@NullMarked
package io.sallyport.model.schema;

import org.jspecify.annotations.NullMarked;
