/// What users do and must observe, against the real services and a real Envoy.
@NullMarked
package io.sallyport.conformance;

import org.jspecify.annotations.NullMarked;
