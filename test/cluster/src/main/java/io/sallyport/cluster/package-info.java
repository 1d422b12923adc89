/// A Kubernetes API server for tests: fabric8's mock in this process, or with `-Dsallyport.kubernetes=true`
/// the one that `KUBECONFIG` names, which needs no nodes. Tests speak to it as `kubectl` would; connections
/// of what is tested go over a [Wire] that can be cut.
@NullMarked
package io.sallyport.cluster;

import org.jspecify.annotations.NullMarked;
