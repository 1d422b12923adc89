/// Who calls and what they may do, as a Kubernetes API server says: tokens by TokenReview, rights by
/// SubjectAccessReview, labels of gateways by their Pods. In come tokens and questions; out come answers that
/// are kept for seconds. Whatever the API server does not answer is not allowed.
@NullMarked
package io.sallyport.kubernetes.identity;

import org.jspecify.annotations.NullMarked;
