@NullMarked
package io.sallyport.xds.discovery;

import org.jspecify.annotations.NullMarked;
