/// Fakes and fixtures that the tests of this module share.
@NullMarked
package io.sallyport.config.testing;

import org.jspecify.annotations.NullMarked;
