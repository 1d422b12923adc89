/// How values are written where other programs read them. Comes in: a value, whoever sent it.
/// Goes out: a text that says nothing else.
@NullMarked
package io.sallyport.runtime.text;

import org.jspecify.annotations.NullMarked;
