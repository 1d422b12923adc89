package io.sallyport.kubernetes;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Optional;

/// A kind of object that a service wants to keep up with: `VirtualService` of `networking.istio.io`.
///
/// @param versions those that the service can read, preferred first; which of them is served is for the API server
/// @param only the one object of the kind that is wanted, if not all of them are
public record WantedKind(String group, String kind, List<String> versions, Optional<ObjectKey> only) {

    public WantedKind {
        versions = ImmutableList.copyOf(versions);
    }

    /// All objects of a kind.
    public static WantedKind all(String group, String kind, List<String> versions) {
        return new WantedKind(group, kind, versions, Optional.empty());
    }

    @Override
    public String toString() {
        return group.isEmpty() ? kind : kind + "." + group;
    }
}
