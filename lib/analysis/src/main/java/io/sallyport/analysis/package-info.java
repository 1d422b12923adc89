/// Rules: what is wrong, where, and what would be right. In comes a [ConfigImage]; out comes a [CheckedImage], which
/// only [Analyzer] can make. It is pure: no I/O, threads, clock or logger.
@NullMarked
package io.sallyport.analysis;

import org.jspecify.annotations.NullMarked;
