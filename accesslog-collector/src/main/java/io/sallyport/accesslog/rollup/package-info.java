/// What dashboards ask again and again, added up as rows come: for each value of a few attributes and each [Step] of
/// time, how many rows there were, how many were errors, and a sketch of their durations.
///
/// Nothing here does I/O: a store keeps the pages that are made here beside its rows.
@NullMarked
package io.sallyport.accesslog.rollup;

import org.jspecify.annotations.NullMarked;
