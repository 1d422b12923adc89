package io.sallyport.testkit.tls;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// `curl` as users call it, against a port of this machine.
public final class Curl {

    private Curl() {}

    /// How it ended: its exit code (35 and others for a handshake that failed, 60 for a certificate that is not
    /// trusted) and the HTTP status, 0 for none.
    public record Result(int exitCode, int status) {}

    /// `https://HOST/PATH`, resolved to this machine's port.
    public static Result https(String host, int port, String path, String... more) throws IOException {
        var words = new ArrayList<>(List.of(
                "curl",
                "--silent",
                "--output",
                "/dev/null",
                "--max-time",
                "30",
                "--write-out",
                "%{http_code}",
                "--resolve",
                host + ":" + port + ":127.0.0.1"));
        words.addAll(List.of(more));
        words.add("https://" + host + ":" + port + path);
        var result = Tool.result(words);
        return new Result(result.exitCode(), Integer.parseInt(result.out().strip()));
    }

    /// The serial number that a server shows for a name, as decimal digits; empty if no handshake succeeds.
    public static String serial(String host, int port) throws IOException {
        var shown = Tool.result(List.of(
                "sh",
                "-c",
                "openssl s_client -connect 127.0.0.1:" + port + " -servername " + host
                        + " </dev/null 2>/dev/null | openssl x509 -noout -serial 2>/dev/null"));
        var line = shown.out().strip();
        return line.startsWith("serial=")
                ? new java.math.BigInteger(line.substring("serial=".length()), 16).toString()
                : "";
    }
}
