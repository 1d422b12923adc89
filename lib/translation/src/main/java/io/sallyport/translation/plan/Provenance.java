package io.sallyport.translation.plan;

import io.sallyport.model.Origin;

/// Which rule of which object said so, for logs, `explain` and refusals: `VirtualService shop/cart spec.http[0]`.
///
/// `digest` is that of the object's text, never a revision number, so that equal input stays equal bytes; `apiVersion`
/// is as the object spells it.
public record Provenance(Origin origin, String apiVersion, String digest) {}
