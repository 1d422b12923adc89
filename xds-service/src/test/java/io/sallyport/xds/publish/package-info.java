@NullMarked
package io.sallyport.xds.publish;

import org.jspecify.annotations.NullMarked;
