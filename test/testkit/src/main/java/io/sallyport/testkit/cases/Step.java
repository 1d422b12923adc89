package io.sallyport.testkit.cases;

import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.tls.Handshake;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One thing that a client does, and what it must see.
public sealed interface Step {

    /// Which proxy is spoken to: its name, or empty for the only one.
    String gateway();

    /// The Gateway server's port; the proxy may have bound another one.
    int port();

    /// A request, sent `times` times over each of `versions`. Fields that a case leaves out are null or empty, and
    /// are not looked at. One that is `isProxied` goes to the door of a client proxy that takes any host and port.
    /// `tls` is null for a plain connection; a handshake that must fail has no answer to look at.
    record Send(
            String gateway,
            int port,
            HttpClient.Call call,
            @Nullable Handshake tls,
            List<HttpClient.Version> versions,
            int times,
            Answer answer,
            @Nullable Upstream upstream,
            List<String> mirrored,
            boolean isProxied)
            implements Step {}

    /// What the client must get. `backend` is empty where the proxy must answer by itself, and not looked at where
    /// `shares` says how many answers came from whom.
    record Answer(
            int status,
            String backend,
            Map<String, Range> shares,
            Map<String, String> headers,
            List<String> without,
            @Nullable String body) {}

    /// Inclusive bounds of a count.
    record Range(int least, int most) {}

    /// What the backend must have seen. `serverName` and `client` are those of the connection that the proxy opened.
    record Upstream(
            @Nullable String path,
            @Nullable String host,
            @Nullable String protocol,
            @Nullable String serverName,
            @Nullable String client,
            Map<String, String> headers,
            List<String> without) {}

    /// A TCP connection. `expected` is `refused`, `closed` (accepted and then closed), or the name of the line server
    /// that must answer. With `tls` the lines are sent inside, and `expected` may be `client-refused`.
    record Connect(String gateway, int port, @Nullable Handshake tls, String expected) implements Step {}
}
