package io.sallyport.translation.plan;

/// How requests are read on a port, beyond what routes say. `trustedHops` is how many proxies in front are believed
/// about the client's address; `http10` says whether HTTP/1.0 is spoken.
public record HttpOptions(int trustedHops, boolean http10) {

    /// What a proxy at the edge does: no hop is believed.
    public static final HttpOptions EDGE = new HttpOptions(0, false);
}
