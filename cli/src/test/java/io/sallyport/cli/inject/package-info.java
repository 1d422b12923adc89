@NullMarked
package io.sallyport.cli.inject;

import org.jspecify.annotations.NullMarked;
