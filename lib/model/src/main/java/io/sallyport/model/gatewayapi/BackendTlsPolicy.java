package io.sallyport.model.gatewayapi;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.model.NotEmpty;
import io.sallyport.model.Required;
import io.sallyport.model.Spec;
import org.jspecify.annotations.Nullable;

/// The Gateway API's `BackendTLSPolicy`: how gateways encrypt towards a Service, and whom they believe.
public record BackendTlsPolicy(
        @Required ImmutableList<Target> targetRefs,
        @Required @Nullable Validation validation,
        ImmutableSortedMap<String, String> options)
        implements Spec {

    /// A Service of the policy's namespace; `sectionName` is the name of one of its ports.
    public record Target(
            @Required String group,
            @Required String kind,
            @Required @NotEmpty String name,
            String sectionName) {}

    /// The name that is sent in the hello, and whose certificate is believed.
    public record Validation(
            ImmutableList<Authority> caCertificateRefs,
            String wellKnownCACertificates,
            @Required @NotEmpty String hostname,
            ImmutableList<AltName> subjectAltNames) {}

    /// A ConfigMap with `ca.crt`.
    public record Authority(
            @Required String group,
            @Required String kind,
            @Required @NotEmpty String name) {}

    /// A name that the certificate may have instead of `hostname`.
    public record AltName(@Required AltNameType type, String hostname, String uri) {}

    /// What kind of name it is.
    public enum AltNameType {
        Hostname,
        URI
    }
}
