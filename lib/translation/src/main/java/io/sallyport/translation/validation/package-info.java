/// The check of what leaves: would Envoy accept this message? In comes a protobuf message of Envoy's API, out come
/// [io.sallyport.translation.validation.Violation]s with the path of the field and what was expected. It is pure and
/// remembers only what it compiled.
@NullMarked
package io.sallyport.translation.validation;

import org.jspecify.annotations.NullMarked;
