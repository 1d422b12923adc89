package io.sallyport.analysis.policy;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.WARNING;

import com.google.common.collect.ImmutableSet;
import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Regexes;
import io.sallyport.model.EnvoyFilter;
import io.sallyport.model.EnvoyFilter.ApplyTo;
import io.sallyport.model.EnvoyFilter.EnvoyConfigObjectMatch;
import io.sallyport.model.EnvoyFilter.EnvoyConfigObjectPatch;
import io.sallyport.model.EnvoyFilter.Operation;
import io.sallyport.model.EnvoyFilter.PatchContext;
import io.sallyport.model.Kind;
import io.sallyport.model.ProxyConfig;
import io.sallyport.model.WasmPlugin;
import io.sallyport.model.WasmPlugin.EnvValueSource;
import io.sallyport.model.WasmPlugin.TrafficSelector;
import io.sallyport.model.WasmPlugin.VmConfig;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What changes proxies themselves.
final class ExtensionRules {

    private ExtensionRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new ConcurrencyIsNotNegative(),
                new PluginIsFetchable(),
                new PluginEnvironmentIsValid(),
                new PatchIsComplete(),
                new PatchMatchFits(),
                new PatchIsOfItsType(),
                new PatchingIsRisky(),
                new PatchFilterMatchCounts());
    }

    /// SP1820: threads below none.
    static final class ConcurrencyIsNotNegative extends ObjectRule<ProxyConfig> {
        ConcurrencyIsNotNegative() {
            super(
                    "SP1820",
                    ERROR,
                    "Concurrency is negative",
                    Kind.PROXY_CONFIG,
                    ProxyConfig.class,
                    new Page(
                            "concurrency is 0 (one thread for each core) or more.",
                            "{concurrency: -1}",
                            "{concurrency: 2}"));
        }

        @Override
        public void check(At<ProxyConfig> config, Report report) {
            config.field("concurrency", ProxyConfig::concurrency)
                    .filter(threads -> threads.value() < 0)
                    .forEach(threads ->
                            report.at(threads, "concurrency %d (expected: 0 or more)".formatted(threads.value())));
        }
    }

    /// SP1821: code from nowhere.
    static final class PluginIsFetchable extends ObjectRule<WasmPlugin> {
        private static final ImmutableSet<String> SCHEMES = ImmutableSet.of("file", "http", "https", "oci");

        PluginIsFetchable() {
            super(
                    "SP1821",
                    ERROR,
                    "Plugin cannot be fetched",
                    Kind.WASM_PLUGIN,
                    WasmPlugin.class,
                    new Page(
                            "The url is an oci, http, https or file one, and sha256 64 hexadecimal digits in lower case.",
                            "{url: \"ftp://a.test/plugin\"}",
                            "{url: \"oci://a.test/plugin:1\"}"));
        }

        @Override
        public void check(At<WasmPlugin> plugin, Report report) {
            var value = plugin.value();
            problem(value.url()).ifPresent(problem -> report.at(plugin.below("url"), problem));
            boolean digest = value.sha256().length() == 64
                    && value.sha256().chars().allMatch(c -> (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9'));
            if (!value.sha256().isEmpty() && !digest) {
                report.at(
                        plugin.below("sha256"),
                        "sha256 \"%s\" (expected: 64 hexadecimal digits in lower case)".formatted(value.sha256()));
            }
            if (value.imagePullSecret().length() > 253) {
                report.at(
                        plugin.below("imagePullSecret"), "a name of more than 253 characters (expected: at most 253)");
            }
            if (value.pluginName().length() > 256) {
                report.at(plugin.below("pluginName"), "a name of more than 256 characters (expected: at most 256)");
            }
            plugin.each("match", WasmPlugin::match)
                    .flatMap(match -> match.each("ports", TrafficSelector::ports))
                    .filter(port -> port.value().number() < 1 || port.value().number() > 65535)
                    .forEach(port -> report.at(
                            port.below("number"),
                            "port %d (expected: 1 to 65535)"
                                    .formatted(port.value().number())));
        }

        private static Optional<String> problem(String url) {
            if (url.isEmpty()) {
                return Optional.of("url is empty (expected: an oci, http, https or file url)");
            }
            int scheme = url.indexOf("://");
            if (scheme >= 0) {
                var name = url.substring(0, scheme).toLowerCase(Locale.ROOT);
                if (!SCHEMES.contains(name)) {
                    return Optional.of("url \"%s\" (expected: an oci, http, https or file url)".formatted(url));
                }
            }
            return parses(scheme >= 0 ? url : "http://" + url)
                    ? Optional.empty()
                    : Optional.of(
                            "url \"%s\" cannot be read (expected: an oci, http, https or file url)".formatted(url));
        }

        private static boolean parses(String url) {
            try {
                return new URI(url).isAbsolute();
            } catch (URISyntaxException e) {
                return false;
            }
        }
    }

    /// SP1822: variables without a name, or twice.
    static final class PluginEnvironmentIsValid extends ObjectRule<WasmPlugin> {
        private static final int MOST = 256;

        PluginEnvironmentIsValid() {
            super(
                    "SP1822",
                    ERROR,
                    "Environment of a plugin is not valid",
                    Kind.WASM_PLUGIN,
                    WasmPlugin.class,
                    new Page(
                            "Variables have names of their own; one that comes from the host has no value here.",
                            "{url: \"oci://a.test/p\", vmConfig: {env: [{name: A, value: a}, {name: A, value: b}]}}",
                            "{url: \"oci://a.test/p\", vmConfig: {env: [{name: A, value: a}, {name: B, value: b}]}}"));
        }

        @Override
        public void check(At<WasmPlugin> plugin, Report report) {
            var seen = new HashSet<String>();
            plugin.field("vmConfig", WasmPlugin::vmConfig)
                    .filter(config -> config.value().env().size() > MOST)
                    .forEach(config -> report.at(
                            config.below("env"),
                            "%d variables (expected: at most %d)"
                                    .formatted(config.value().env().size(), MOST)));
            plugin.field("vmConfig", WasmPlugin::vmConfig)
                    .flatMap(config -> config.each("env", VmConfig::env))
                    .forEach(variable -> {
                        var value = variable.value();
                        if (value.name().isEmpty() || value.name().length() > 256) {
                            report.at(
                                    variable.below("name"),
                                    "name \"%s\" (expected: 1 to 256 characters)".formatted(value.name()));
                        }
                        if (!seen.add(value.name())) {
                            report.at(
                                    variable.below("name"),
                                    "name \"%s\" is repeated (expected: once)".formatted(value.name()));
                        }
                        if (value.valueFrom() == EnvValueSource.HOST
                                && !value.value().isEmpty()) {
                            report.at(variable.below("value"), "value with valueFrom HOST (expected: none)");
                        }
                        if (value.value().length() > 2048) {
                            report.at(
                                    variable.below("value"),
                                    "a value of more than 2048 characters (expected: at most 2048)");
                        }
                    });
        }
    }

    /// SP1830: half a patch.
    static final class PatchIsComplete extends ObjectRule<EnvoyFilter> {
        PatchIsComplete() {
            super(
                    "SP1830",
                    ERROR,
                    "Patch is not complete",
                    Kind.ENVOY_FILTER,
                    EnvoyFilter.class,
                    new Page(
                            "A patch says what it applies to and what it does, and has a value unless it removes.",
                            "{configPatches: [{applyTo: CLUSTER, patch: {operation: MERGE}}]}",
                            "{configPatches: [{applyTo: CLUSTER, patch: {operation: REMOVE}}]}"));
        }

        @Override
        public void check(At<EnvoyFilter> filter, Report report) {
            filter.each("configPatches", EnvoyFilter::configPatches)
                    .forEach(patch -> problem(patch.value()).ifPresent(problem -> report.at(patch, problem)));
        }

        private static Optional<String> problem(EnvoyConfigObjectPatch config) {
            var patch = config.patch();
            if (config.applyTo() == ApplyTo.INVALID) {
                return Optional.of("no applyTo (expected: LISTENER, CLUSTER, …)");
            }
            if (patch == null) {
                return Optional.of("no patch (expected: patch: {operation: …})");
            }
            if (patch.operation() == Operation.INVALID) {
                return Optional.of("no operation (expected: MERGE, ADD, REMOVE, …)");
            }
            return patch.operation() != Operation.REMOVE && patch.value() == null
                    ? Optional.of("%s without value (expected: value)".formatted(patch.operation()))
                    : Optional.empty();
        }
    }

    /// SP1831: a match for another kind of thing.
    static final class PatchMatchFits extends ObjectRule<EnvoyFilter> {
        PatchMatchFits() {
            super(
                    "SP1831",
                    ERROR,
                    "Match of a patch does not fit",
                    Kind.ENVOY_FILTER,
                    EnvoyFilter.class,
                    new Page(
                            "Listener patches match listeners, route patches route configurations, cluster patches clusters.",
                            "{configPatches: [{applyTo: CLUSTER, match: {listener: {portNumber: 80}}, patch: {operation: REMOVE}}]}",
                            "{configPatches: [{applyTo: CLUSTER, match: {cluster: {service: a.test}}, patch: {operation: REMOVE}}]}"));
        }

        @Override
        public void check(At<EnvoyFilter> filter, Report report) {
            filter.each("configPatches", EnvoyFilter::configPatches)
                    .filter(patch -> PatchIsComplete.problem(patch.value()).isEmpty())
                    .forEach(patch -> {
                        var match = patch.value().match();
                        if (match == null) {
                            return;
                        }
                        var proxy = match.proxy();
                        if (proxy != null && !proxy.proxyVersion().isEmpty()) {
                            Regexes.problem(proxy.proxyVersion())
                                    .ifPresent(problem -> report.at(patch.below("match"), problem));
                        }
                        waypointProblem(match).ifPresent(problem -> report.at(patch.below("match"), problem));
                        if (!fits(patch.value().applyTo(), match)) {
                            report.at(
                                    patch.below("match"),
                                    "match of another kind than %s (expected: one of that kind)"
                                            .formatted(patch.value().applyTo()));
                        }
                        filterProblem(patch.value().applyTo(), match)
                                .ifPresent(problem -> report.at(patch.below("match"), problem));
                    });
        }

        // A rule of the CRD: what is for waypoints says so, and the other way round.
        private static Optional<String> waypointProblem(EnvoyConfigObjectMatch match) {
            var waypoint = match.waypoint();
            if ((match.context() == PatchContext.WAYPOINT) != (waypoint != null)) {
                return Optional.of("context %s %s waypoint (expected: waypoint with context WAYPOINT, and only there)"
                        .formatted(match.context(), waypoint == null ? "without" : "with"));
            }
            return waypoint != null && waypoint.portNumber() > 65_535
                    ? Optional.of("waypoint port %d (expected: 1 to 65535)".formatted(waypoint.portNumber()))
                    : Optional.empty();
        }

        private static boolean fits(ApplyTo applyTo, EnvoyConfigObjectMatch match) {
            return switch (applyTo) {
                case LISTENER, FILTER_CHAIN, NETWORK_FILTER, HTTP_FILTER, LISTENER_FILTER ->
                    match.routeConfiguration() == null && match.cluster() == null;
                case ROUTE_CONFIGURATION, VIRTUAL_HOST, HTTP_ROUTE ->
                    match.listener() == null && match.cluster() == null;
                case CLUSTER -> match.listener() == null && match.routeConfiguration() == null;
                case INVALID, EXTENSION_CONFIG, BOOTSTRAP -> true;
            };
        }

        private static Optional<String> filterProblem(ApplyTo applyTo, EnvoyConfigObjectMatch match) {
            var listener = match.listener();
            var chain = listener == null ? null : listener.filterChain();
            var filter = chain == null ? null : chain.filter();
            if (filter == null) {
                return Optional.empty();
            }
            if (filter.name().isEmpty()) {
                return Optional.of("filter match without a name (expected: filter: {name: …})");
            }
            var sub = filter.subFilter();
            if (sub == null) {
                return Optional.empty();
            }
            if (applyTo != ApplyTo.HTTP_FILTER) {
                return Optional.of("subFilter with %s (expected: HTTP_FILTER)".formatted(applyTo));
            }
            boolean manager = filter.name().equals("envoy.filters.network.http_connection_manager")
                    || filter.name().equals("envoy.http_connection_manager");
            if (!manager) {
                return Optional.of("subFilter of \"%s\" (expected: envoy.filters.network.http_connection_manager)"
                        .formatted(filter.name()));
            }
            return sub.name().isEmpty()
                    ? Optional.of("subFilter without a name (expected: subFilter: {name: …})")
                    : Optional.empty();
        }
    }

    /// SP1832: a patch that Envoy cannot read.
    static final class PatchIsOfItsType extends ObjectRule<EnvoyFilter> {
        PatchIsOfItsType() {
            super(
                    "SP1832",
                    ERROR,
                    "Value of a patch is not of its type",
                    Kind.ENVOY_FILTER,
                    EnvoyFilter.class,
                    new Page(
                            "The value is a part of an Envoy v3 resource of the kind that applyTo names. Fields that this Envoy does not know are let pass.",
                            "{configPatches: [{applyTo: CLUSTER, patch: {operation: MERGE, value: {connect_timeout: soon}}}]}",
                            "{configPatches: [{applyTo: CLUSTER, patch: {operation: MERGE, value: {connect_timeout: 5s}}}]}"));
        }

        @Override
        public void check(At<EnvoyFilter> filter, Report report) {
            filter.each("configPatches", EnvoyFilter::configPatches)
                    .filter(patch -> PatchIsComplete.problem(patch.value()).isEmpty())
                    .forEach(config -> config.field("patch", EnvoyConfigObjectPatch::patch)
                            .flatMap(patch -> patch.field("value", EnvoyFilter.Patch::value))
                            .forEach(value -> PatchBody.problem(config.value().applyTo(), value.value())
                                    .ifPresent(problem -> report.at(value, problem))));
        }
    }

    /// SP4831: what works today may be refused by the next Envoy. Istio warns of every EnvoyFilter.
    static final class PatchingIsRisky extends ObjectRule<EnvoyFilter> {
        PatchingIsRisky() {
            super(
                    "SP4831",
                    WARNING,
                    "EnvoyFilter depends on Envoy's internals",
                    Kind.ENVOY_FILTER,
                    EnvoyFilter.class,
                    new Page(
                            "Patches name parts of Envoy's configuration that change between versions without notice. Prefer the fields of other kinds; Istio warns of every EnvoyFilter.",
                            "{configPatches: [{applyTo: CLUSTER, patch: {operation: MERGE, value: {connect_timeout: 1s}}}]}",
                            """
                            apiVersion: networking.istio.io/v1
                            kind: DestinationRule
                            metadata: {namespace: shop, name: cart}
                            spec: {host: cart.test, trafficPolicy: {connectionPool: {tcp: {connectTimeout: 1s}}}}
                            """));
        }

        @Override
        public void check(At<EnvoyFilter> filter, Report report) {
            report.at(filter, "patches Envoy's own configuration (expected: the fields of other kinds, where they do)");
        }
    }

    /// SP4830: Istio warns too.
    static final class PatchFilterMatchCounts extends ObjectRule<EnvoyFilter> {
        PatchFilterMatchCounts() {
            super(
                    "SP4830",
                    WARNING,
                    "Filter match has no effect",
                    Kind.ENVOY_FILTER,
                    EnvoyFilter.class,
                    new Page(
                            "Patches of listeners and filter chains do not look at filters.",
                            "{configPatches: [{applyTo: LISTENER, match: {listener: {filterChain: {filter: {name: a}}}}, patch: {operation: REMOVE}}]}",
                            "{configPatches: [{applyTo: LISTENER, match: {listener: {portNumber: 80}}, patch: {operation: REMOVE}}]}"));
        }

        @Override
        public void check(At<EnvoyFilter> filter, Report report) {
            filter.each("configPatches", EnvoyFilter::configPatches)
                    .filter(patch -> patch.value().applyTo() == ApplyTo.LISTENER
                            || patch.value().applyTo() == ApplyTo.FILTER_CHAIN)
                    .forEach(patch -> {
                        var match = patch.value().match();
                        var listener = match == null ? null : match.listener();
                        var chain = listener == null ? null : listener.filterChain();
                        if (chain != null && chain.filter() != null) {
                            report.at(
                                    patch.below("match"),
                                    "filter match with %s has no effect (expected: none)"
                                            .formatted(patch.value().applyTo()));
                        }
                    });
        }
    }
}
