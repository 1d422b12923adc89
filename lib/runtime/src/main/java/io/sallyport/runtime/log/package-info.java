/// How log lines look. Comes in: what services log. Goes out: one line of text or JSON for each event, on standard
/// error.
@NullMarked
package io.sallyport.runtime.log;

import org.jspecify.annotations.NullMarked;
