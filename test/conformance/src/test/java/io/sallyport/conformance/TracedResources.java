package io.sallyport.conformance;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.ResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Resources changed so that an answer tells how it came about: tables add the cluster and the rule to each response,
/// endpoints are all the one backend, delays and TLS to backends are left out.
final class TracedResources {

    static final String CLUSTER = "x-took-cluster";
    static final String RULE = "x-took-rule";

    private final EnvoyResources resources;
    private final int backendPort;

    TracedResources(EnvoyResources resources, int backendPort) {
        this.resources = resources;
        this.backendPort = backendPort;
    }

    EnvoyResources build() throws InvalidProtocolBufferException {
        var changed = new ArrayList<EnvoyResource>();
        for (var table : resources.all(ResourceType.ROUTES).values()) {
            changed.add(with(table, traced(RouteConfiguration.parseFrom(table.bytes()))));
        }
        for (var cluster : resources.all(ResourceType.CLUSTER).values()) {
            changed.add(with(cluster, plain(Cluster.parseFrom(cluster.bytes()))));
        }
        for (var endpoints : resources.all(ResourceType.ENDPOINTS).values()) {
            changed.add(with(endpoints, here(ClusterLoadAssignment.parseFrom(endpoints.bytes()))));
        }
        return resources.with(resources.revision() + 1, changed, Map.of());
    }

    private static EnvoyResource with(EnvoyResource resource, Message message) {
        return EnvoyResource.of(resource.type(), resource.name(), message.toByteString(), List.of());
    }

    private static RouteConfiguration traced(RouteConfiguration table) {
        var out = table.toBuilder()
                .addResponseHeadersToAdd(header(CLUSTER, "%UPSTREAM_CLUSTER_RAW%"))
                .addResponseHeadersToAdd(header(
                        RULE,
                        "%METADATA(ROUTE:" + ResourceNames.METADATA + ":object)% %METADATA(ROUTE:"
                                + ResourceNames.METADATA + ":rule)%"));
        for (var host : out.getVirtualHostsBuilderList()) {
            host.getRoutesBuilderList().forEach(route -> route.removeTypedPerFilterConfig(ResourceNames.FAULT_FILTER));
        }
        return out.build();
    }

    private static HeaderValueOption header(String name, String value) {
        return HeaderValueOption.newBuilder()
                .setHeader(HeaderValue.newBuilder().setKey(name).setValue(value))
                .setAppendAction(HeaderValueOption.HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD)
                .build();
    }

    private Cluster plain(Cluster cluster) {
        return cluster.toBuilder()
                .clearTransportSocket()
                .clearTypedExtensionProtocolOptions()
                .clearCircuitBreakers()
                .clearOutlierDetection()
                .setLoadAssignment(here(cluster.getLoadAssignment()))
                .build();
    }

    private ClusterLoadAssignment here(ClusterLoadAssignment endpoints) {
        var out = endpoints.toBuilder();
        for (var locality : out.getEndpointsBuilderList()) {
            for (var endpoint : locality.getLbEndpointsBuilderList()) {
                endpoint.getEndpointBuilder()
                        .getAddressBuilder()
                        .getSocketAddressBuilder()
                        .setAddress("127.0.0.1")
                        .setPortValue(backendPort);
            }
        }
        return out.build();
    }
}
