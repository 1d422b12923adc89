/// How fast it is: `./sallyport bench NAME`. In comes a workload of a stated size; out comes a table in
/// `test/benchmarks/results` that names machine, date and commit.
@NullMarked
package io.sallyport.benchmark;

import org.jspecify.annotations.NullMarked;
