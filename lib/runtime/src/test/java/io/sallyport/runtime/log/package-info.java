/// Tests of log lines.
@NullMarked
package io.sallyport.runtime.log;

import org.jspecify.annotations.NullMarked;
