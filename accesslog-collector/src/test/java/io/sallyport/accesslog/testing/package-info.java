/// What several tests need: rows, a broker, a store that is thrown away.
@NullMarked
package io.sallyport.accesslog.testing;

import org.jspecify.annotations.NullMarked;
