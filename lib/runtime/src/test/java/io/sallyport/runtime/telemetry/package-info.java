/// Tests of traces: what callers may say, and what becomes of spans when nobody takes them.
@NullMarked
package io.sallyport.runtime.telemetry;

import org.jspecify.annotations.NullMarked;
