@NullMarked
package io.sallyport.xds.source;

import org.jspecify.annotations.NullMarked;
