package io.sallyport.runtime.identity;

import com.google.common.collect.ImmutableSortedSet;
import java.util.List;

/// Who may call one method.
///
/// @param method `sallyport.config.v1.ConfigService/Apply`; a name that ends with `/*` stands for all of a service
/// @param services which of Sallyport's services may call it, whatever they ask
public record MethodAccess(String method, ImmutableSortedSet<String> services, Need need) {

    static MethodAccess of(String method, Need need, String... services) {
        return new MethodAccess(method, ImmutableSortedSet.copyOf(List.of(services)), need);
    }
}
