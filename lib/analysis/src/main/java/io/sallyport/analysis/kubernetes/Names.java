package io.sallyport.analysis.kubernetes;

import io.sallyport.analysis.text.Hosts;
import java.util.Locale;

/// The names of Kubernetes' own kinds. Unlike Istio's hosts they have no capitals.
final class Names {

    private static final int LONGEST_SUBDOMAIN = 253;
    private static final int LONGEST_PORT_NAME = 15;

    private Names() {}

    /// A DNS label: `http-web`.
    static boolean isLabel(String text) {
        return Hosts.isLabel(text) && isLower(text);
    }

    /// DNS labels with dots between them: `db.example.com`.
    static boolean isSubdomain(String text) {
        if (text.length() > LONGEST_SUBDOMAIN) {
            return false;
        }
        for (var label : text.split("\\.", -1)) {
            if (!isLabel(label)) {
                return false;
            }
        }
        return true;
    }

    /// The name of a container's port: at most 15 lower-case letters, digits and single dashes, and a letter at least.
    static boolean isPortName(String text) {
        return text.length() <= LONGEST_PORT_NAME
                && isLabel(text)
                && !text.contains("--")
                && text.chars().anyMatch(c -> c >= 'a' && c <= 'z');
    }

    static boolean isPort(int number) {
        return number >= 1 && number <= 65_535;
    }

    private static boolean isLower(String text) {
        return text.equals(text.toLowerCase(Locale.ROOT));
    }
}
