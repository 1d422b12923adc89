package io.sallyport.secret.sds;

import io.sallyport.secret.store.SecretState.Half;

/// What there is under the name that a proxy asked for.
sealed interface Found {

    /// It is not known yet whether there is anything: the proxy is told nothing.
    record NotYet() implements Found {}

    /// Nothing, or nothing for this proxy. Both are told in the same words.
    record Nothing() implements Found {}

    /// It was there, and was taken away while we looked: whoever holds it must stop to use it.
    record Withdrawn() implements Found {}

    /// What is served, or what cannot be served.
    record Here(Half<?> half) implements Found {}
}
