package io.sallyport.config.kubernetes;

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
public record AdmissionSettings(
        InetSocketAddress address, List<String> names, Optional<String> configuration, Optional<Path> clientAuthority) {

    public AdmissionSettings {
        names = List.copyOf(names);
    }
}
