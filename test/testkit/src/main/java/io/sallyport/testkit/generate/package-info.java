/// Configurations made by chance from a seed: everything that a platform team could write, and that is accepted.
/// In comes a random generator; out come documents as JSON text, which is YAML too.
@NullMarked
package io.sallyport.testkit.generate;

import org.jspecify.annotations.NullMarked;
