/// What Kubernetes' own admission refuses of the kinds that Istio borrows: Service, EndpointSlice and Secret. Objects
/// come in one by one; findings of `SP19xx` go out.
@NullMarked
package io.sallyport.analysis.kubernetes;

import org.jspecify.annotations.NullMarked;
