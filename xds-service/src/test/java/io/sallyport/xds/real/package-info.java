@NullMarked
package io.sallyport.xds.real;

import org.jspecify.annotations.NullMarked;
