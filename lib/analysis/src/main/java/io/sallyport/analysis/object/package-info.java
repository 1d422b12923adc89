/// Rules about what several kinds have in common: names, annotations, `exportTo`, selectors.
/// In comes one object; out come findings. The door is [io.sallyport.analysis.object.ObjectRules].
@NullMarked
package io.sallyport.analysis.object;

import org.jspecify.annotations.NullMarked;
