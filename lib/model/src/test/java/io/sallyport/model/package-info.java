/// Tests of values of the model.
@NullMarked
package io.sallyport.model;

import org.jspecify.annotations.NullMarked;
