package io.sallyport.config.kubernetes;

import io.sallyport.kubernetes.inject.InjectionSettings;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The door for admission reviews.
///
/// @param address where it listens
/// @param names by which the API server calls it: `sallyport-config.sallyport.svc`
/// @param configuration the ValidatingWebhookConfiguration that is told which authority signed its certificate
/// @param clientAuthority who must have signed the API server's own certificate, if it has to have one
/// @param injection what pods get, if they are to get something
public record AdmissionSettings(
        InetSocketAddress address,
        List<String> names,
        Optional<String> configuration,
        Optional<Path> clientAuthority,
        Optional<Injection> injection) {

    public AdmissionSettings {
        names = List.copyOf(names);
    }

    /// A door for reviews of configuration alone.
    public AdmissionSettings(
            InetSocketAddress address,
            List<String> names,
            Optional<String> configuration,
            Optional<Path> clientAuthority) {
        this(address, names, configuration, clientAuthority, Optional.empty());
    }

    /// Client proxies for pods.
    ///
    /// @param settings what they get
    /// @param configuration the MutatingWebhookConfiguration that is told which authority signed our certificate
    public record Injection(InjectionSettings settings, Optional<String> configuration) {}
}
