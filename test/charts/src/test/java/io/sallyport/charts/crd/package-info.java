/// The custom resource definitions of the chart `sallyport-base`, made of the records of the model. In goes the schema
/// that the reader uses, out come definitions that an API server takes, and a check of objects against them.
@NullMarked
package io.sallyport.charts.crd;

import org.jspecify.annotations.NullMarked;
