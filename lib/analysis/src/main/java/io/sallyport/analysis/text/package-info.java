/// The grammars of single values: hosts, addresses, labels, header values, regular expressions, durations.
/// In comes a string; out comes what is wrong with it, in words, or nothing.
@NullMarked
package io.sallyport.analysis.text;

import org.jspecify.annotations.NullMarked;
