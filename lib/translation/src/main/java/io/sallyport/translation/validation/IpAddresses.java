package io.sallyport.translation.validation;

import com.google.common.net.InetAddresses;

/// What Envoy takes as the text of an IP address: no zone, no brackets, no leading zeros, no name to look up.
public final class IpAddresses {

    private IpAddresses() {}

    public static boolean isValid(String text) {
        return text.indexOf('%') < 0 && InetAddresses.isInetAddress(text) && !hasLeadingZero(text);
    }

    private static boolean hasLeadingZero(String text) {
        if (text.indexOf(':') >= 0) {
            return false;
        }
        for (var part : text.split("\\.")) {
            if (part.length() > 1 && part.startsWith("0")) {
                return true;
            }
        }
        return false;
    }
}
