package io.sallyport.runtime.tls;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import java.net.Socket;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Says why a peer is refused, in words that an operator can act on, both in the log of this side and in the
/// error that the handshake ends with. Whether it is refused, another decides. The same refusal is logged once
/// in ten seconds.
final class PeerTrust extends X509ExtendedTrustManager {

    private static final Logger log = LoggerFactory.getLogger(PeerTrust.class);

    private final X509ExtendedTrustManager judge;
    private final String authorities;
    private final boolean isLogged;
    private final Cache<String, Boolean> told = CacheBuilder.newBuilder()
            .maximumSize(1_000)
            .expireAfterWrite(Duration.ofSeconds(10))
            .build();

    /// `authorities` names where the trusted certificates come from. A command line shows the error and needs
    /// no log.
    PeerTrust(X509ExtendedTrustManager judge, String authorities, boolean isLogged) {
        this.isLogged = isLogged;
        this.judge = judge;
        this.authorities = authorities;
    }

    @FunctionalInterface
    private interface Check {
        void run() throws CertificateException;
    }

    private void judged(String what, X509Certificate @Nullable [] chain, @Nullable SSLEngine engine, Check check)
            throws CertificateException {
        try {
            check.run();
        } catch (CertificateException e) {
            var reason = reason(chain, engine == null ? null : engine.getPeerHost(), e);
            if (isLogged && told.asMap().put(what + reason, true) == null) {
                log.atWarn().addKeyValue("reason", reason).log(what);
            }
            throw new CertificateException(reason, e);
        }
    }

    private String reason(X509Certificate @Nullable [] chain, @Nullable String host, CertificateException e) {
        if (chain == null || chain.length == 0) {
            return "no certificate";
        }
        var leaf = chain[0];
        for (Throwable each = e; each != null; each = each.getCause()) {
            switch (each) {
                case CertificateExpiredException _ -> {
                    return "the certificate of " + PeerNames.of(leaf) + " expired at " + end(chain);
                }
                case CertificateNotYetValidException _ -> {
                    return "the certificate of " + PeerNames.of(leaf) + " is not valid before "
                            + leaf.getNotBefore().toInstant();
                }
                case CertPathBuilderException _ -> {
                    return leaf.getSubjectX500Principal().equals(leaf.getIssuerX500Principal())
                            ? "the certificate of " + PeerNames.of(leaf) + " is self-signed (expected: one issued by "
                                    + authorities + ")"
                            : "the certificate of " + PeerNames.of(leaf) + " is issued by \""
                                    + leaf.getIssuerX500Principal() + "\" (expected: one issued by " + authorities
                                    + ")";
                }
                default -> {
                    // Deeper causes say more.
                }
            }
        }
        var message = String.valueOf(e.getMessage());
        return message.startsWith("No ") && message.contains("name")
                ? "the certificate is for " + PeerNames.of(leaf) + " (expected: for \"" + host + "\")"
                : "the certificate of " + PeerNames.of(leaf) + " is not valid: " + message;
    }

    // The one that ends first: an intermediate may have expired before the leaf.
    private static String end(X509Certificate[] chain) {
        var first = chain[0];
        for (var each : chain) {
            if (each.getNotAfter().toInstant().isBefore(first.getNotAfter().toInstant())) {
                first = each;
            }
        }
        return first.getNotAfter().toInstant().toString();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
        judged("Refused a caller", chain, null, () -> judge.checkClientTrusted(chain, type, engine));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
        judged("Refused a server", chain, engine, () -> judge.checkServerTrusted(chain, type, engine));
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        judged("Refused a caller", chain, null, () -> judge.checkClientTrusted(chain, type, socket));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        judged("Refused a server", chain, null, () -> judge.checkServerTrusted(chain, type, socket));
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
        judged("Refused a caller", chain, null, () -> judge.checkClientTrusted(chain, type));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
        judged("Refused a server", chain, null, () -> judge.checkServerTrusted(chain, type));
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return judge.getAcceptedIssuers();
    }
}
