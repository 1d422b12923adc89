package io.sallyport.cli.log;

import com.google.common.collect.ImmutableMap;

/// The short names under which `--top route` and the like know attributes.
final class Attributes {

    private static final ImmutableMap<String, String> SHORT = ImmutableMap.<String, String>builder()
            .put("route", "xds.route_name")
            .put("object", "config.object")
            .put("rule", "config.rule")
            .put("revision", "config.revision")
            .put("gateway", "config.gateway")
            .put("cluster", "xds.cluster_name")
            .put("host", "request.host")
            .put("path", "request.path")
            .put("method", "request.method")
            .put("agent", "request.useragent")
            .put("code", "response.code")
            .put("flags", "response.flags")
            .put("details", "response.code_details")
            .put("proxy", "proxy.name")
            .put("source", "source.address")
            .put("upstream", "upstream.address")
            .put("sni", "connection.requested_server_name")
            .buildOrThrow();

    private Attributes() {}

    static String of(String name) {
        return SHORT.getOrDefault(name, name);
    }
}
