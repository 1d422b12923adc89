/// xds-service: programs every Envoy that connects. In comes config-service's `Watch`; out go the discovery
/// protocol and `ProxyService`. [io.sallyport.xds.XdsServer] wires the packages below.
@NullMarked
package io.sallyport.xds;

import org.jspecify.annotations.NullMarked;
