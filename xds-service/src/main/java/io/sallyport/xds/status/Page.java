package io.sallyport.xds.status;

import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.ResourceType;
import io.sallyport.xds.discovery.Fleet;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/// Some of what a proxy runs, in order of type and name. `next` is the token of the page behind it, empty behind the
/// last one.
record Page(List<EnvoyResource> resources, String next) {

    /// The resources behind `after` until they hold `most` bytes; 0: all.
    static Page of(Fleet.Proxy proxy, Set<ResourceType> types, @Nullable PageToken after, int most) {
        var newest = proxy.board().newest();
        var page = new ArrayList<EnvoyResource>();
        if (newest == null) {
            return new Page(page, "");
        }
        long bytes = 0;
        for (var type : types) {
            for (var wanted : left(newest.resources().all(type), type, after).values()) {
                var running = proxy.running(wanted);
                if (running == null) {
                    continue;
                }
                if (most > 0 && bytes >= most) {
                    var last = page.getLast();
                    return new Page(page, new PageToken(proxy.node().id(), last.type(), last.name()).encode());
                }
                page.add(running);
                bytes += running.bytes().size();
            }
        }
        return new Page(page, "");
    }

    private static SortedMap<String, EnvoyResource> left(
            SortedMap<String, EnvoyResource> table, ResourceType type, @Nullable PageToken after) {
        if (after == null || type.compareTo(after.type()) > 0) {
            return table;
        }
        return type == after.type() ? table.tailMap(after.after() + '\0') : table.headMap("");
    }
}
