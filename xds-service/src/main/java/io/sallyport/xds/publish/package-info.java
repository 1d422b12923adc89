/// From images to snapshots: one owner thread translates each image once for every class of connected proxies and
/// publishes the result. In comes a [io.sallyport.analysis.ConfigImage]; out goes a [Snapshot] on each class's [Board].
@NullMarked
package io.sallyport.xds.publish;

import org.jspecify.annotations.NullMarked;
