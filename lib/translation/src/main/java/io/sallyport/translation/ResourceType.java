package io.sallyport.translation;

import java.util.Optional;

/// The xDS types that Sallyport serves, in make-before-break order: what others refer to comes first.
public enum ResourceType {
    CLUSTER("CDS", "type.googleapis.com/envoy.config.cluster.v3.Cluster"),
    ENDPOINTS("EDS", "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"),
    LISTENER("LDS", "type.googleapis.com/envoy.config.listener.v3.Listener"),
    SCOPED_ROUTES("SRDS", "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration"),
    EXTENSIONS("ECDS", "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig"),
    ROUTES("RDS", "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"),
    SECRET("SDS", "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret");

    private final String acronym;
    private final String url;

    ResourceType(String acronym, String url) {
        this.acronym = acronym;
        this.url = url;
    }

    /// As operators say it: `RDS`.
    public String acronym() {
        return acronym;
    }

    public String url() {
        return url;
    }

    public static Optional<ResourceType> of(String url) {
        for (var type : values()) {
            if (type.url.equals(url)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
