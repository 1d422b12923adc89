package io.sallyport.testkit.cases;

import io.sallyport.testkit.net.HttpClient;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One thing that a client does, and what it must see.
public sealed interface Step {

    /// Which proxy is spoken to: its name, or empty for the only one.
    String gateway();

    /// The Gateway server's port; the proxy may have bound another one.
    int port();

    /// A request, sent `times` times over each of `versions`. Fields that a case leaves out are null or empty, and are
    /// not looked at.
    record Send(
            String gateway,
            int port,
            HttpClient.Call call,
            List<HttpClient.Version> versions,
            int times,
            Answer answer,
            @Nullable Upstream upstream,
            List<String> mirrored)
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

    /// What the backend must have seen.
    record Upstream(
            @Nullable String path,
            @Nullable String host,
            @Nullable String protocol,
            Map<String, String> headers,
            List<String> without) {}

    /// A TCP connection. `expected` is `refused`, `closed` (accepted and then closed), or the name of the line server
    /// that
    /// must answer.
    record Connect(String gateway, int port, String expected) implements Step {}
}
