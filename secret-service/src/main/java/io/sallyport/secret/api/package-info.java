/// The API of secrets for people and tools: in come secrets to store, out go states. Never a key.
@NullMarked
package io.sallyport.secret.api;

import org.jspecify.annotations.NullMarked;
