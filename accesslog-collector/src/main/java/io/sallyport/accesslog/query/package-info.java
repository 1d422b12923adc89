/// The language of questions. In comes CEL; out goes a tree of our own, then SQL of one engine with
/// parameters, and in the end the answer. Time range and tenant are added here, around whatever the caller
/// wrote.
@NullMarked
package io.sallyport.accesslog.query;

import org.jspecify.annotations.NullMarked;
