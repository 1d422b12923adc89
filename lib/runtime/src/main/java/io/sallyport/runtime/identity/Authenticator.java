package io.sallyport.runtime.identity;

import io.sallyport.runtime.identity.TokenCheck.NotAcceptedException;
import io.sallyport.runtime.tls.PeerNames;
import io.sallyport.runtime.tls.Tls;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decides who calls, from a certificate or a token. A token counts more than a certificate, as it is shown on
/// purpose, and one that is not good is not made up for by a good certificate.
public final class Authenticator {

    private static final Logger log = LoggerFactory.getLogger(Authenticator.class);
    private static final int MAX_TOKEN = 16 << 10;
    private static final String BEARER = "Bearer ";

    private final @Nullable Tls tls;
    private final CertificateNames names;
    private final List<TokenCheck> checks;
    private final Revocations revocations;

    /// `tls` is what the door's connections were verified with; null: it has no certificates.
    public Authenticator(@Nullable Tls tls, CertificateNames names, List<TokenCheck> checks) {
        this(tls, names, checks, Revocations.NONE);
    }

    /// The same with certificates that count no more.
    public Authenticator(@Nullable Tls tls, CertificateNames names, List<TokenCheck> checks, Revocations revocations) {
        this.revocations = revocations;
        this.tls = tls;
        this.names = names;
        this.checks = List.copyOf(checks);
    }

    /// Nobody is known: what cannot be told is not let in.
    public static final class UnknownCallerException extends Exception {

        private static final long serialVersionUID = 1L;

        UnknownCallerException(String message) {
            super(message);
        }
    }

    /// Who calls.
    ///
    /// @param certificates the verified chain of the connection; empty: none was shown
    /// @param headers all `authorization` headers of the call
    public Identity identify(List<X509Certificate> certificates, List<String> headers)
            throws UnknownCallerException, Authorizer.UnavailableException {
        if (headers.size() > 1) {
            throw new UnknownCallerException("two authorization headers (expected: one)");
        }
        if (!headers.isEmpty()) {
            return byToken(headers.getFirst());
        }
        if (certificates.isEmpty()) {
            throw new UnknownCallerException(
                    "neither a certificate nor a token (expected: a certificate that the server trusts, or "
                            + "authorization: Bearer <token>)");
        }
        var shown = PeerNames.of(certificates.getFirst());
        if (tls != null) {
            var objection = tls.objection(certificates);
            if (objection.isPresent()) {
                log.atWarn().addKeyValue("reason", objection.get()).log("Refused a caller on an open connection");
                throw new UnknownCallerException(objection.get());
            }
        }
        var revoked = revocations.objection(certificates.getFirst());
        if (revoked.isPresent()) {
            log.atWarn().addKeyValue("reason", revoked.get()).log("Refused a caller");
            throw new UnknownCallerException(revoked.get());
        }
        return names.identify(shown)
                .orElseThrow(() -> new UnknownCallerException(
                        "the certificate of " + shown + " names nobody here (expected: spiffe://" + names.trustDomain()
                                + "/ns/NAMESPACE/sa/ACCOUNT, or a name of a service)"));
    }

    /// Which certificates count no more.
    Revocations revocations() {
        return revocations;
    }

    private Identity byToken(String header) throws UnknownCallerException, Authorizer.UnavailableException {
        if (header.length() > MAX_TOKEN || !header.startsWith(BEARER)) {
            throw notAccepted();
        }
        var token = header.substring(BEARER.length());
        try {
            for (var check : checks) {
                Optional<Identity> found = check.identify(token);
                if (found.isPresent()) {
                    return found.get();
                }
            }
        } catch (NotAcceptedException e) {
            log.atInfo().addKeyValue("reason", e.getMessage()).log("Refused a token");
        }
        throw notAccepted();
    }

    // One text for every reason: who tries tokens learns nothing from it.
    private static UnknownCallerException notAccepted() {
        return new UnknownCallerException("the token is not accepted (expected: authorization: Bearer <a token that is "
                + "meant for this server, and valid now>)");
    }
}
