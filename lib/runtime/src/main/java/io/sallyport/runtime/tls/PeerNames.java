package io.sallyport.runtime.tls;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/// What a certificate says its holder is called: its subject alternative names. The common name is not one of
/// them.
public record PeerNames(List<String> uris, List<String> dns) {

    private static final int URI = 6;
    private static final int DNS = 2;
    // H50: a certificate with a million names names nobody.
    private static final int MAX_NAMES = 1_000;
    private static final int SHOWN = 5;

    public PeerNames {
        uris = List.copyOf(uris);
        dns = List.copyOf(dns);
    }

    /// Reads them; a certificate whose names cannot be read has none.
    public static PeerNames of(X509Certificate certificate) {
        var uris = new ArrayList<String>();
        var dns = new ArrayList<String>();
        try {
            var names = certificate.getSubjectAlternativeNames();
            if (names == null || names.size() > MAX_NAMES) {
                return new PeerNames(List.of(), List.of());
            }
            for (var name : names) {
                if (name.get(1) instanceof String text) {
                    switch ((Integer) name.getFirst()) {
                        case URI -> uris.add(text);
                        case DNS -> dns.add(text);
                        default -> {
                            // Addresses and directory names call nobody here.
                        }
                    }
                }
            }
        } catch (CertificateParsingException e) {
            return new PeerNames(List.of(), List.of());
        }
        return new PeerNames(uris, dns);
    }

    /// For a log line: the first few, else that there is none.
    @Override
    public String toString() {
        var all = new ArrayList<>(uris);
        all.addAll(dns);
        if (all.isEmpty()) {
            return "a certificate without names";
        }
        var shown = String.join(", ", all.subList(0, Math.min(SHOWN, all.size())));
        return all.size() > SHOWN ? shown + ", …" : shown;
    }
}
