package io.sallyport.analysis.gateway;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway;
import java.util.Optional;

/// What a Gateway says about its redirects beyond Istio's fields. With
///
/// ```yaml
/// metadata: {annotations: {sallyport.io/https-redirect: except-acme}}
/// ```
///
/// `tls.httpsRedirect` leaves requests below `/.well-known/acme-challenge/` alone: a certificate authority
/// asks there, in plain HTTP, before the host has a certificate (RFC 8555, 8.3). VirtualServices route them
/// like any other request.
public final class HttpsRedirects {

    /// The annotation of a Gateway.
    public static final String ANNOTATION = "sallyport.io/https-redirect";

    /// The one value that the annotation may have.
    public static final String EXCEPT_ACME = "except-acme";

    /// What a certificate authority's requests start with.
    public static final String CHALLENGES = "/.well-known/acme-challenge/";

    private HttpsRedirects() {}

    /// Whether challenges are not redirected.
    public static boolean exceptAcme(ConfigObject<Gateway> gateway) {
        return written(gateway).filter(EXCEPT_ACME::equals).isPresent();
    }

    static Optional<String> written(ConfigObject<?> gateway) {
        return Optional.ofNullable(gateway.metadata().annotations().get(ANNOTATION));
    }
}
