package io.sallyport.analysis;

/// What objects can be looked up by.
enum Topic {
    /// A Gateway by `namespace/name`.
    GATEWAY,
    /// Every Gateway, for "did you mean".
    ANY_GATEWAY,
    /// Whether there is any Gateway at all; nobody is found under it.
    GATEWAYS,
    /// A Service or ServiceEntry by full host name, wildcards as written.
    HOST,
    /// Every Service and ServiceEntry, for "did you mean".
    ANY_HOST,
    /// Whether there is any Service or ServiceEntry at all; nobody is found under it.
    REGISTRY,
    /// A DestinationRule by full host name.
    RULE_HOST,
    /// A VirtualService by name, for delegates.
    VIRTUAL_SERVICE,
    /// Every delegate: a VirtualService without hosts.
    ANY_DELEGATE,
    /// Whether there is any delegate at all; nobody is found under it.
    DELEGATES,
    /// A VirtualService by gateway and host.
    BOUND_HOST,
    /// A Gateway by port, bind and the kind of listener that one of its servers needs.
    SERVER_PORT,
    /// A Gateway by port, bind and a host that one of its TLS servers answers for.
    SERVER_HOST,
    /// A ServiceEntry by a TCP port without an address.
    TCP_PORT,
    /// A Service by one label of its selector: `istio=ingressgateway`.
    SELECTED_LABEL,
    /// An EndpointSlice by the Service that it belongs to: `shop/cart`.
    SLICE,
    /// Every RequestAuthentication.
    AUTHENTICATION,
    /// A SecretGrant by the namespace that lends.
    GRANT,
    /// A Secret by its name alone.
    SECRET,
    /// A Secret by `namespace/name`.
    SECRET_AT,
    /// Every Secret; without one, credentials are not checked.
    ANY_SECRET,
    /// Whether there is any Secret at all; nobody is found under it.
    SECRETS,
    /// A Sidecar, Telemetry or PeerAuthentication by kind, namespace and labels.
    SELECTION,
    /// An object by its name, where it may be that of one that an EgressPolicy stands for.
    EXPANDED,
    /// The description of the proxies of this machine, and the ConfigMap with mesh settings.
    PLATFORM
}
