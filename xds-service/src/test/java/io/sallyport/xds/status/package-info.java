@NullMarked
package io.sallyport.xds.status;

import org.jspecify.annotations.NullMarked;
