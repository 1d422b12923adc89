package io.sallyport.analysis.relation;

/// Objects that the examples of several rules stand beside.
final class ExampleObjects {

    static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.test"]}]}
            ---
            """;
    static final String CART = """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: shop, name: cart}
            spec: {hosts: [cart.test], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
            ---
            """;
    static final String SERVICE =
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {namespace: shop, name: shop}\nspec: ";

    private ExampleObjects() {}
}
