package io.sallyport.runtime.identity;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// The labels of a proxy that proved who it is. They say which Gateways it runs, so that they come from the
/// platform and not from the proxy: whoever could choose them could choose the plan of a neighbour.
public interface ProxyLabels {

    /// Nobody has labels, so Gateways without a selector are all that a proxy runs.
    ProxyLabels NONE = _ -> Collections.emptySortedMap();

    /// As the settings list them, by service account; who is not listed is asked of `others`.
    static ProxyLabels listed(List<IdentitySettings.Labelled> entries, ProxyLabels others) {
        var table = new TreeMap<String, SortedMap<String, String>>();
        entries.forEach(entry -> table.put(entry.workload(), new TreeMap<>(entry.labels())));
        return proxy -> {
            var found = table.get(proxy.namespace() + "/" + proxy.serviceAccount());
            return found == null ? others.of(proxy) : found;
        };
    }

    /// Of this one.
    SortedMap<String, String> of(Identity.Workload proxy) throws Authorizer.UnavailableException;
}
