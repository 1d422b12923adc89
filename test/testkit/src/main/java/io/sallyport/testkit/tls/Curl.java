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

    /// What `curl --version` says, in which its library for TLS is named.
    public static String version() throws IOException {
        return Tool.result(List.of("curl", "--version")).out();
    }

    /// Requests for several authorities over one HTTP/2 connection to a host, as browsers send them that found all of
    /// them in its certificate. Each answers `200 0`: the status, and how many connections were opened for it.
    public static List<String> together(String host, int port, List<String> authorities) throws IOException {
        var words = new ArrayList<>(List.of("curl"));
        for (var authority : authorities) {
            if (words.size() > 1) {
                words.add("--next");
            }
            words.addAll(List.of("--silent", "--insecure", "--http2", "--output", "/dev/null", "--max-time", "30"));
            words.addAll(List.of("--write-out", "%{http_code} %{num_connects}\\n"));
            words.addAll(List.of("--resolve", host + ":" + port + ":127.0.0.1", "-H", "Host: " + authority));
            words.add("https://" + host + ":" + port + "/");
        }
        return Tool.result(words).out().lines().toList();
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
