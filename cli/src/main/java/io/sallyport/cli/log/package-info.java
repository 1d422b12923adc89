/// The command about access logs: in come rows, counts and percentiles from accesslog-collector, out go tables and
/// files.
@NullMarked
package io.sallyport.cli.log;

import org.jspecify.annotations.NullMarked;
