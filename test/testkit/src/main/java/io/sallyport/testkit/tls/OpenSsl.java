package io.sallyport.testkit.tls;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// `openssl s_client` against a port of this machine.
public final class OpenSsl {

    private OpenSsl() {}

    /// All that it prints about one handshake: what was shown, by which key, or which alert came.
    public static String handshake(int port, String serverName, String... more) throws IOException {
        return Tool.result(words(port, serverName, more)).out();
    }

    /// The same of a connection on which this is typed after the handshake, until either side ends it: `R` is a new
    /// handshake within, `Q` the end.
    public static String conversation(int port, String serverName, String typed, String... more) throws IOException {
        return Tool.typed(words(port, serverName, more), typed);
    }

    private static List<String> words(int port, String serverName, String... more) {
        var words = new ArrayList<>(List.of("timeout", "20", "openssl", "s_client", "-connect", "127.0.0.1:" + port));
        words.addAll(List.of("-servername", serverName));
        words.addAll(List.of(more));
        return words;
    }
}
