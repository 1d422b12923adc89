package io.sallyport.translation.validation;

import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.sallyport.analysis.text.Regexes;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// What Envoy 1.40 refuses although `validate.rules` allows it. Envoy finds these only while it applies a resource, and
/// then drops an arbitrary part of the neighbours in the same response, or keeps a refused cluster warming for ever; so
/// they must be found here.
///
/// Header values are read as Envoy's substitution format: a `%` stands alone only when doubled.
final class EnvoyRules {

    /// The longest body of a direct response, which route configurations allow explicitly.
    static final int MAX_DIRECT_RESPONSE_BYTES = 1 << 20;

    private static final long MAX_TOTAL_WEIGHT = 0xFFFF_FFFFL;

    private EnvoyRules() {}

    /// What Envoy would refuse about this one message. What is below it is asked on its own.
    static void check(Message message, Place place, List<Violation> found) {
        switch (message) {
            case RouteConfiguration routes -> checkHosts(routes.getVirtualHostsList(), place.toString(), found);
            case RegexMatcher regex ->
                checkRegex(regex.getRegex(), place.field("regex").toString(), found);
            case HeaderValueOption option -> checkHeader(option, place.toString(), found);
            case WeightedCluster split -> checkWeights(split, place.toString(), found);
            case DirectResponseAction response -> checkBody(response, place.toString(), found);
            case RetryPolicy.RetryBackOff backOff -> checkBackOff(backOff, place.toString(), found);
            case Cluster cluster -> checkCluster(cluster, place.toString(), found);
            case Listener listener -> checkListener(listener, place.toString(), found);
            // Those inside a cluster are its own to judge: a cluster that looks names up has names here.
            case ClusterLoadAssignment endpoints
            when place.isRoot() -> checkEndpoints(endpoints, place.toString(), found);
            default -> {}
        }
    }

    private static void checkHosts(List<VirtualHost> hosts, String path, List<Violation> found) {
        var names = new HashSet<String>();
        var domains = new HashSet<String>();
        for (int i = 0; i < hosts.size(); i++) {
            var place = join(path, "virtual_hosts") + "[" + i + "]";
            if (!names.add(hosts.get(i).getName())) {
                found.add(new Violation(place + ".name", "is \"" + hosts.get(i).getName() + "\" (expected: once)"));
            }
            checkDomains(hosts.get(i), domains, place, found);
        }
    }

    private static void checkDomains(VirtualHost host, Set<String> domains, String place, List<Violation> found) {
        for (int i = 0; i < host.getDomainsCount(); i++) {
            var domain = host.getDomains(i);
            if (!domains.add(domain.toLowerCase(Locale.ROOT))) {
                found.add(new Violation(place + ".domains[" + i + "]", "is \"" + domain + "\" (expected: once)"));
            }
            var star = domain.length() > 2
                    ? domain.substring(1, domain.length() - 1).indexOf('*')
                    : -1;
            if (star >= 0) {
                found.add(new Violation(
                        place + ".domains[" + i + "]", "is \"" + domain + "\" (expected: \"*\" at one end only)"));
            }
        }
    }

    private static void checkRegex(String pattern, String path, List<Violation> found) {
        var problem = Regexes.problem(pattern);
        if (problem.isPresent()) {
            found.add(new Violation(path, "is no pattern: " + problem.get()));
        } else if (Regexes.isTooLarge(pattern)) {
            found.add(new Violation(path, "compiles to too many steps (expected: a smaller one): " + pattern));
        }
    }

    private static void checkHeader(HeaderValueOption option, String path, List<Violation> found) {
        var name = option.getHeader().getKey();
        if (name.startsWith(":") || name.equalsIgnoreCase("host")) {
            found.add(new Violation(
                    join(path, "header.key"), "is \"" + name + "\" (expected: a header that may be changed)"));
        } else if (name.isEmpty() || !name.chars().allMatch(EnvoyRules::isTokenCharacter)) {
            found.add(new Violation(join(path, "header.key"), "is \"" + name + "\" (expected: a header name)"));
        }
        SubstitutionFormat.problem(option.getHeader().getValue())
                .ifPresent(problem -> found.add(new Violation(join(path, "header.value"), problem)));
    }

    private static boolean isTokenCharacter(int c) {
        return c > ' ' && c < 0x7F && "\"(),/:;<=>?@[\\]{}".indexOf(c) < 0;
    }

    private static void checkWeights(WeightedCluster split, String path, List<Violation> found) {
        long total = 0;
        for (var share : split.getClustersList()) {
            total += Integer.toUnsignedLong(share.getWeight().getValue());
        }
        if (total == 0 || total > MAX_TOTAL_WEIGHT) {
            found.add(new Violation(
                    join(path, "clusters"), "weigh " + total + " together (expected: 1 to " + MAX_TOTAL_WEIGHT + ")"));
        }
    }

    private static void checkBody(DirectResponseAction response, String path, List<Violation> found) {
        var size = Math.max(
                response.getBody().getInlineBytes().size(),
                response.getBody().getInlineStringBytes().size());
        if (size > MAX_DIRECT_RESPONSE_BYTES) {
            found.add(new Violation(
                    join(path, "body"), "has " + size + " bytes (expected: <= " + MAX_DIRECT_RESPONSE_BYTES + ")"));
        }
    }

    private static void checkBackOff(RetryPolicy.RetryBackOff backOff, String path, List<Violation> found) {
        if (backOff.hasMaxInterval() && isShorter(backOff.getMaxInterval(), backOff.getBaseInterval())) {
            found.add(new Violation(join(path, "max_interval"), "is shorter than base_interval"));
        }
    }

    private static boolean isShorter(Duration one, Duration other) {
        return one.getSeconds() == other.getSeconds()
                ? one.getNanos() < other.getNanos()
                : one.getSeconds() < other.getSeconds();
    }

    // A ring with minimum > maximum is refused and yet stays warming: every later CDS response goes unacknowledged.
    private static void checkCluster(Cluster cluster, String path, List<Violation> found) {
        var ring = cluster.getRingHashLbConfig();
        var min = ring.hasMinimumRingSize() ? ring.getMinimumRingSize().getValue() : 1_024;
        var max = ring.hasMaximumRingSize() ? ring.getMaximumRingSize().getValue() : 8L << 20;
        if (cluster.hasRingHashLbConfig() && Long.compareUnsigned(min, max) > 0) {
            found.add(new Violation(
                    join(path, "ring_hash_lb_config.minimum_ring_size"), "is " + min + " (expected: <= " + max + ")"));
        }
        if (cluster.hasMaglevLbConfig()
                && !isPrime(cluster.getMaglevLbConfig().getTableSize().getValue())) {
            found.add(new Violation(join(path, "maglev_lb_config.table_size"), "is not a prime number"));
        }
        if (cluster.getType() == Cluster.DiscoveryType.LOGICAL_DNS && count(cluster.getLoadAssignment()) != 1) {
            found.add(new Violation(
                    join(path, "load_assignment"),
                    "has " + count(cluster.getLoadAssignment()) + " endpoints (expected: 1 for LOGICAL_DNS)"));
        }
        if (cluster.getType() == Cluster.DiscoveryType.STATIC) {
            checkEndpoints(cluster.getLoadAssignment(), join(path, "load_assignment"), found);
        }
        if (cluster.getType() == Cluster.DiscoveryType.EDS && cluster.hasLoadAssignment()) {
            found.add(new Violation(join(path, "load_assignment"), "is set (expected: absent for EDS)"));
        }
    }

    private static int count(ClusterLoadAssignment endpoints) {
        return endpoints.getEndpointsList().stream()
                .mapToInt(locality -> locality.getLbEndpointsCount())
                .sum();
    }

    private static boolean isPrime(long number) {
        if (number == 0) {
            return true;
        }
        for (long divisor = 2; divisor * divisor <= number; divisor++) {
            if (number % divisor == 0) {
                return false;
            }
        }
        return number > 1;
    }

    private static void checkListener(Listener listener, String path, List<Violation> found) {
        checkAddress(listener.getAddress().getSocketAddress(), join(path, "address.socket_address"), found);
        if (listener.getFilterChainsCount() == 0 && !listener.hasDefaultFilterChain()) {
            found.add(new Violation(join(path, "filter_chains"), "is empty (expected: at least one)"));
        }
        var seen = new HashSet<Object>();
        for (int i = 0; i < listener.getFilterChainsCount(); i++) {
            FilterChain chain = listener.getFilterChains(i);
            if (!seen.add(chain.getFilterChainMatch())) {
                found.add(new Violation(
                        join(path, "filter_chains") + "[" + i + "].filter_chain_match", "is that of an earlier chain"));
            }
        }
    }

    private static void checkEndpoints(ClusterLoadAssignment endpoints, String path, List<Violation> found) {
        for (int i = 0; i < endpoints.getEndpointsCount(); i++) {
            var locality = endpoints.getEndpoints(i);
            long total = 0;
            for (int j = 0; j < locality.getLbEndpointsCount(); j++) {
                var endpoint = locality.getLbEndpoints(j);
                total += Math.max(
                        1,
                        Integer.toUnsignedLong(endpoint.getLoadBalancingWeight().getValue()));
                var address = endpoint.getEndpoint().getAddress();
                if (address.hasSocketAddress()) {
                    checkAddress(
                            address.getSocketAddress(),
                            join(path, "endpoints") + "[" + i + "].lb_endpoints[" + j
                                    + "].endpoint.address.socket_address",
                            found);
                }
            }
            if (total > MAX_TOTAL_WEIGHT) {
                found.add(new Violation(
                        join(path, "endpoints") + "[" + i + "]",
                        "weighs " + total + " (expected: <= " + MAX_TOTAL_WEIGHT + ")"));
            }
        }
    }

    private static void checkAddress(SocketAddress address, String path, List<Violation> found) {
        if (!address.getAddress().isEmpty() && !IpAddresses.isValid(address.getAddress())) {
            found.add(new Violation(
                    join(path, "address"), "is \"" + address.getAddress() + "\" (expected: an IP address)"));
        }
    }

    private static String join(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }
}
