package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;

/// Who may do what: Istio's `security.istio.io` AuthorizationPolicy, field by field.
public record AuthorizationPolicy(
        @Nullable PolicySelector selector,
        @DeprecatedField("targetRefs") @Nullable PolicyTargetReference targetRef,
        ImmutableList<PolicyTargetReference> targetRefs,
        ImmutableList<Rule> rules,
        Action action,
        @Nullable ExtensionProvider provider)
        implements Spec {

    /// What happens to a request that a rule matches. Absent means `ALLOW`.
    public enum Action {
        ALLOW,
        DENY,
        AUDIT,
        CUSTOM
    }

    /// Names an extension provider of the mesh settings.
    public record ExtensionProvider(String name) {}

    /// Matches when one of `from`, one of `to` and all of `when` match. `{}` matches every request.
    public record Rule(ImmutableList<From> from, ImmutableList<To> to, ImmutableList<Condition> when) {}

    /// One kind of caller.
    public record From(@Nullable Source source) {}

    /// Callers by identity and address.
    public record Source(
            ImmutableList<String> principals,
            ImmutableList<String> notPrincipals,
            ImmutableList<String> requestPrincipals,
            ImmutableList<String> notRequestPrincipals,
            ImmutableList<String> namespaces,
            ImmutableList<String> notNamespaces,
            ImmutableList<String> serviceAccounts,
            ImmutableList<String> notServiceAccounts,
            ImmutableList<String> ipBlocks,
            ImmutableList<String> notIpBlocks,
            ImmutableList<String> remoteIpBlocks,
            ImmutableList<String> notRemoteIpBlocks) {}

    /// One kind of operation.
    public record To(@Nullable Operation operation) {}

    /// Operations by host, port, method and path.
    public record Operation(
            ImmutableList<String> hosts,
            ImmutableList<String> notHosts,
            ImmutableList<String> ports,
            ImmutableList<String> notPorts,
            ImmutableList<String> methods,
            ImmutableList<String> notMethods,
            ImmutableList<String> paths,
            ImmutableList<String> notPaths) {}

    /// A condition on an attribute: `request.headers[x-token]`.
    public record Condition(@Required String key, ImmutableList<String> values, ImmutableList<String> notValues) {}
}
