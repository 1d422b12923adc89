package io.sallyport.translation.emit;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import io.envoyproxy.envoy.config.core.v3.ExtensionConfigSource;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.route.v3.ScopedRouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.Chain.Content;
import io.sallyport.translation.plan.HttpOptions;
import io.sallyport.translation.plan.ListenerPlan;
import io.sallyport.translation.plan.RouteTableId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/// The connection managers that chains of a port have in common. With a manager in each of a thousand chains Envoy
/// spends three fifths of what a new chain costs on managers that it has already (decision 50); here a chain only names
/// one, and Envoy asks for it by extension discovery.
///
/// A manager of many chains cannot name a table. It finds the one of the chain that took the connection by a scope,
/// which has the chain's name for a key and names the table: so a server serves its own hosts alone, and a route that
/// changes sends its table and nothing else.
///
/// `byOptions` are the names of the managers in use. `recent` are the names that were used last, older first, the ones
/// in use too: a listener that Envoy falls back to may name them. `scopes` are the tables that have a scope, by
/// its name: those of chains that share, and of chains that did, whose last connections still ask by them.
record SharedManagers(
        ImmutableMap<HttpOptions, String> byOptions,
        ImmutableList<String> recent,
        ImmutableMap<String, RouteTableId> scopes) {

    /// From this many chains with the same settings on, a port has one manager for them.
    static final int SHARED_FROM = 100;

    /// Chains that have one manager in common go on having it above this number: turning closes their connections, if
    /// gently.
    static final int OWN_UP_TO = 60;

    /// How many managers a port keeps that are not in use any more.
    private static final int KEPT = 4;

    private static final String MANAGER =
            Values.pack(HttpConnectionManager.getDefaultInstance()).getTypeUrl();

    static final SharedManagers NONE = new SharedManagers(ImmutableMap.of(), ImmutableList.of(), ImmutableMap.of());

    /// What the chains of a port have in common, by their options. `mayShare` leaves out chains that need a manager of
    /// their own.
    static List<HttpOptions> shared(ListenerPlan plan, SharedManagers before, Predicate<Chain> mayShare) {
        var counts = new HashMap<HttpOptions, Integer>();
        var order = new ArrayList<HttpOptions>();
        for (var chain : plan.chains()) {
            if (chain.content() instanceof Content.Http http
                    && mayShare.test(chain)
                    && counts.merge(http.options(), 1, Integer::sum) == 1) {
                order.add(http.options());
            }
        }
        return order.stream()
                .filter(options -> {
                    int count = counts.getOrDefault(options, 0);
                    return before.byOptions().containsKey(options) ? count > OWN_UP_TO : count >= SHARED_FROM;
                })
                .toList();
    }

    /// A manager as Envoy gets it.
    static TypedExtensionConfig resource(ListenerPlan plan, HttpOptions options) {
        var manager = Values.pack(ManagerEmitter.shared(plan, options));
        return TypedExtensionConfig.newBuilder()
                .setName(ResourceNames.sharedManager(plan.bind(), manager.getValue()))
                .setTypedConfig(manager)
                .build();
    }

    /// What stands in a chain for a manager. The listener stays as it was until the manager has come.
    static Filter filter(String manager) {
        return Filter.newBuilder()
                .setName(manager)
                .setConfigDiscovery(ExtensionConfigSource.newBuilder()
                        .setConfigSource(Values.patientAds())
                        .addTypeUrls(MANAGER))
                .build();
    }

    /// The name of the manager that a chain has in common with others; empty: it has one of its own.
    String of(Chain chain, Predicate<Chain> mayShare) {
        return chain.content() instanceof Content.Http http && mayShare.test(chain)
                ? Optional.ofNullable(byOptions.get(http.options())).orElse("")
                : "";
    }

    /// The scope by which a chain's requests find its table.
    static EnvoyResource scope(Chain chain, RouteTableId table) {
        var scope = ScopedRouteConfiguration.newBuilder()
                .setName(scopeName(table))
                .setRouteConfigurationName(ResourceNames.routes(table));
        scope.getKeyBuilder().addFragmentsBuilder().setStringKey(ResourceNames.sharingChain(table));
        return EnvoyResource.of(
                ResourceType.SCOPED_ROUTES, scope.getName(), Values.bytes(scope.build()), List.of(chain.origin()));
    }

    static String scopeName(RouteTableId table) {
        return ResourceNames.scope(ResourceNames.sharingChain(table));
    }

    /// What follows when these managers are in use.
    SharedManagers next(Map<HttpOptions, String> names) {
        var last = new ArrayList<>(recent);
        last.removeAll(names.values());
        last.addAll(names.values());
        int kept = KEPT + names.size();
        return new SharedManagers(
                ImmutableMap.copyOf(names),
                ImmutableList.copyOf(last.subList(Math.max(0, last.size() - kept), last.size())),
                scopes);
    }

    /// The same with the scopes in use from now on. A scope whose table is not there any more goes: an Envoy
    /// that starts would wait for the table for ever.
    SharedManagers withScopes(Map<String, RouteTableId> inUse, Predicate<RouteTableId> isThere) {
        var all = new TreeMap<>(inUse);
        scopes.forEach((name, table) -> {
            if (isThere.test(table)) {
                all.putIfAbsent(name, table);
            }
        });
        return new SharedManagers(byOptions, recent, ImmutableMap.copyOf(all));
    }
}
