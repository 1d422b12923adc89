package io.sallyport.translation.plan;

import java.time.Duration;

/// How requests are read on a port, beyond what routes say. `trustedHops` is how many proxies in front are believed
/// about the client's address; `http10` says whether HTTP/1.0 is spoken.
/// `side` is whom the port serves.
public record HttpOptions(
        int trustedHops,
        boolean http10,
        PathForm paths,
        Precautions precautions,
        OwnHeaders headers,
        ClientCertificate certificate,
        Side side,
        NameGuard names) {

    /// A gateway's.
    public HttpOptions(
            int trustedHops,
            boolean http10,
            PathForm paths,
            Precautions precautions,
            OwnHeaders headers,
            ClientCertificate certificate) {
        this(trustedHops, http10, paths, precautions, headers, certificate, Side.EDGE, new NameGuard.None());
    }

    /// The same with a guard over the names that are looked up.
    public HttpOptions guarding(NameGuard guard) {
        return new HttpOptions(trustedHops, http10, paths, precautions, headers, certificate, side, guard);
    }

    /// Whom a port serves.
    public enum Side {
        /// Strangers: what they say about addresses and certificates counts for nothing.
        EDGE,
        /// The one workload beside the proxy.
        CLIENT,
        /// The same, which knows that it speaks to a proxy.
        CLIENT_OF_PROXY
    }

    /// What a proxy at the edge does: no hop is believed.
    public static final HttpOptions EDGE =
            new HttpOptions(0, false, PathForm.NORMAL, Precautions.USUAL, OwnHeaders.USUAL, ClientCertificate.USUAL);

    /// Into which form paths are brought before rules see them; the upstream gets that form too. Each does what the one
    /// before it does, and more.
    public enum PathForm {
        /// As they are sent.
        AS_SENT,
        /// `/a/./b/../%63` is `/a/c`.
        NORMAL,
        /// `//a` is `/a`.
        MERGED,
        /// `%2F` is `/`.
        DECODED,
        /// As `DECODED`, and whoever sent an escaped slash is asked to send what it stands for.
        REDIRECTED
    }

    /// What clients may do that most have no use for. An underscore in a header's name is `-` to some servers; a
    /// host with a dot at its end is the same host to most; what a client claims to have been forwarded is a lie
    /// where no hop is believed; TRACE shows a script what it must not see.
    public record Precautions(
            boolean refusesUnderscores,
            boolean stripsHostEnd,
            boolean stripsHostPort,
            boolean forgetsForwarded,
            boolean refusesTrace,
            Timeout streamIdle,
            int bufferBytes) {

        /// Istio's: all of that is let through, and streams may be silent for as long as they like.
        public static final Precautions USUAL =
                new Precautions(false, false, false, false, false, Timeout.none(), 1 << 20);

        /// A client proxy's: services are found by their full names with a dot at the end, too. Its port counts where
        /// all ports share a door.
        public static final Precautions OF_CLIENTS =
                new Precautions(false, true, false, false, false, Timeout.none(), 1 << 20);

        /// For an edge that meets strangers.
        public static final Precautions STRICT =
                new Precautions(true, true, true, true, true, new Timeout.After(Duration.ofMinutes(5)), 32 << 10);

        /// The same behind proxies that are believed.
        public Precautions believing() {
            return new Precautions(
                    refusesUnderscores, stripsHostEnd, stripsHostPort, false, refusesTrace, streamIdle, bufferBytes);
        }
    }

    /// What the proxy says of itself and of a request, to clients and upstreams: the `server` of answers, a
    /// request's identity, headers for people who debug, the port that a client came to; and whether HTTP/1.1
    /// headers keep the case of their letters.
    public record OwnHeaders(
            Server server, boolean requestId, boolean debug, boolean forwardedPort, boolean keepsLetterCase) {

        public static final OwnHeaders USUAL =
                new OwnHeaders(new Server.Named("istio-envoy"), true, true, false, false);
    }

    /// The `server` of answers.
    public sealed interface Server {

        record Named(String name) implements Server {}

        /// Whatever the upstream said, if anything.
        record AsUpstream() implements Server {}
    }

    /// What upstreams learn of a client's certificate by the header `x-forwarded-client-cert`.
    public record ClientCertificate(
            Forwarding forwarding, boolean subject, boolean certificate, boolean chain, boolean dns, boolean uri) {

        /// What a client sends is dropped; its certificate is described.
        public static final ClientCertificate USUAL =
                new ClientCertificate(Forwarding.SANITIZE_SET, true, true, false, true, true);

        /// What becomes of the header that a client sends.
        public enum Forwarding {
            SANITIZE,
            FORWARD_ONLY,
            APPEND_FORWARD,
            SANITIZE_SET,
            ALWAYS_FORWARD_ONLY
        }
    }
}
