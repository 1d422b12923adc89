/// Tests of the description of the records.
@NullMarked
package io.sallyport.model.schema;

import org.jspecify.annotations.NullMarked;
