package io.sallyport.translation.link;

import io.sallyport.analysis.CheckedImage;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.DestinationRule.LoadBalancerSettings;
import io.sallyport.model.DestinationRule.PortTrafficPolicy;
import io.sallyport.model.DestinationRule.TrafficPolicy;
import io.sallyport.model.Gateway;
import io.sallyport.model.LocalityLoadBalancerSetting;
import io.sallyport.model.PolicySelector;
import io.sallyport.model.Service;
import io.sallyport.model.Sidecar;
import io.sallyport.model.Telemetry;
import io.sallyport.model.VirtualService;
import io.sallyport.translation.ProxyClass;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Which labels of proxies objects ask about: those of a selector or of a match, and, while some policy looks at
/// places,
/// those that say where a proxy is. Proxies that differ in others alone, like the hash of a Pod's template, have equal
/// plans.
///
/// What was asked about once stays, so that a plan may go on from one that was made before. Belongs to one thread.
public final class LabelUse {

    // Beyond so many none is remembered any more, and every label counts.
    private static final int MOST = 100_000;

    private final Set<Map.Entry<String, String>> pairs = new HashSet<>();
    private final Set<String> keys = new HashSet<>();
    private ConfigImage seen = ConfigImage.EMPTY;

    /// Takes in what an image asks about. True if it asks about more than all before it.
    public boolean grow(CheckedImage image) {
        if (image.image() == seen) {
            return false;
        }
        int before = pairs.size() + keys.size();
        image.image().changesSince(seen).forEach(ref -> image.image().find(ref).ifPresent(this::read));
        read(image.world().mesh().locality());
        seen = image.image();
        return pairs.size() + keys.size() > before;
    }

    /// The class without the labels, and the name, that nobody asks about: equal for proxies that have equal plans.
    public ProxyClass told(ProxyClass proxy) {
        var labels = new TreeMap<String, String>();
        proxy.labels().entrySet().stream()
                .filter(this::counts)
                .forEach(label -> labels.put(label.getKey(), label.getValue()));
        return new ProxyClass(
                proxy.role(), proxy.namespace(), "", labels, proxy.listen(), proxy.address(), proxy.privileged());
    }

    private boolean counts(Map.Entry<String, String> label) {
        return isFull() || keys.contains(label.getKey()) || pairs.contains(label);
    }

    private void read(ConfigObject<?> object) {
        switch (object.spec()) {
            case Gateway gateway -> pairs(gateway.selector());
            case Service service -> pairs(service.selector());
            case Telemetry telemetry -> pairs(telemetry.selector());
            case VirtualService rules -> read(rules);
            case DestinationRule rule -> read(rule);
            case Sidecar sidecar -> {
                var selector = sidecar.workloadSelector();
                pairs(selector == null ? Map.of() : selector.labels());
            }
            default -> {}
        }
    }

    private void read(VirtualService rules) {
        rules.http().forEach(rule -> rule.match().forEach(match -> pairs(match.sourceLabels())));
        rules.tls().forEach(rule -> rule.match().forEach(match -> pairs(match.sourceLabels())));
        rules.tcp().forEach(rule -> rule.match().forEach(match -> pairs(match.sourceLabels())));
    }

    private void read(DestinationRule rule) {
        pairs(rule.workloadSelector());
        Stream.concat(
                        Stream.ofNullable(rule.trafficPolicy()),
                        rule.subsets().stream().flatMap(subset -> Stream.ofNullable(subset.trafficPolicy())))
                .forEach(this::read);
    }

    // Where a proxy is counts where endpoints are ejected, or shared out by place.
    private void read(TrafficPolicy policy) {
        var ports = policy.portLevelSettings();
        if (policy.outlierDetection() != null || ports.stream().anyMatch(port -> port.outlierDetection() != null)) {
            keys.addAll(LocalityLinker.LABELS);
        }
        Stream.concat(
                        Stream.ofNullable(policy.loadBalancer()),
                        ports.stream().map(PortTrafficPolicy::loadBalancer).flatMap(Stream::ofNullable))
                .forEach(this::read);
    }

    private void read(LoadBalancerSettings balancer) {
        var places = balancer.localityLbSetting();
        if (places != null) {
            read(places);
        }
        var zones = balancer.zoneAwareLbSetting();
        if (zones != null) {
            keys.addAll(LocalityLinker.LABELS);
            keys(zones.failoverPriority());
        }
    }

    private void read(LocalityLoadBalancerSetting places) {
        if (!places.distribute().isEmpty()) {
            keys.addAll(LocalityLinker.LABELS);
        }
        keys(places.failoverPriority());
    }

    private void pairs(@Nullable PolicySelector selector) {
        pairs(selector == null ? Map.of() : selector.matchLabels());
    }

    private boolean isFull() {
        return pairs.size() + keys.size() > MOST;
    }

    private void pairs(Map<String, String> wanted) {
        if (!isFull()) {
            wanted.forEach((key, value) -> pairs.add(Map.entry(key, value)));
        }
    }

    private void keys(List<String> priority) {
        if (!isFull()) {
            priority.forEach(label -> keys.add(LocalityLinker.label(label)));
        }
    }
}
