/// Indexes over one image: which hosts exist, who sees them, which VirtualServices bind to which Gateway.
/// In comes a [io.sallyport.analysis.ConfigImage]; out come answers for rules and for the linker.
@NullMarked
package io.sallyport.analysis.world;

import org.jspecify.annotations.NullMarked;
