package io.sallyport.model;

import com.google.common.collect.ImmutableList;

/// Lends secrets of its own namespace to Gateways of other namespaces, for some hosts and no others. Without one, a
/// gateway gets the secrets of its proxy's namespace alone.
///
/// ```yaml
/// apiVersion: sallyport.io/v1alpha1
/// kind: SecretGrant
/// metadata: {namespace: pay, name: to-the-edge}
/// spec:
///   secrets: [pay-cert]
///   gateways: [{namespace: shop, name: edge}]
///   hosts: [pay.example.com]
/// ```
///
/// The Gateway then says `credentialName: pay/pay-cert`. The model is Gateway API's `ReferenceGrant`: only who owns a
/// thing can lend it, so the grant stands in the lender's namespace.
public record SecretGrant(
        @Required @NotEmpty ImmutableList<String> secrets,
        @Required ImmutableList<Borrower> gateways,
        @Required @NotEmpty ImmutableList<String> hosts)
        implements Spec {

    /// A Gateway that may use the secrets.
    public record Borrower(
            @Required @NotEmpty String namespace,
            @Required @NotEmpty String name) {}
}
