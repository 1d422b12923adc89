/// Kubernetes as a source. In come the objects that an API server has, from [io.sallyport.kubernetes.ClusterWatch]; out
/// come revisions whose authors are the objects' field managers, conditions in the objects' status, and answers to
/// admission reviews. Secrets are never asked for: they are secret-service's.
@NullMarked
package io.sallyport.config.kubernetes;

import org.jspecify.annotations.NullMarked;
