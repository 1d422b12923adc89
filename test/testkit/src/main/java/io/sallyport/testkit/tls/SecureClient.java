package io.sallyport.testkit.tls;

import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.sallyport.testkit.net.Headers;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.Reply;
import io.sallyport.testkit.tls.Handshake.Failure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractMap.SimpleEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/// A client with TLS: `curl` for requests, as users have it, and a plain socket for lines. Says how a handshake failed
/// by what had been seen until then.
public final class SecureClient {

    private static final int HANG_MILLIS = 20_000;
    private static final Pattern SUBJECT = Pattern.compile("(?m)^Subject:.*?CN ?= ?([^,\\n]+)");
    private static final Pattern ISSUED_TO = Pattern.compile("CN=([^,]+)");
    private static final int NOT_CONNECTED = 7;
    private static final int NOT_VERIFIED = 60;

    private final Wallet wallet;
    private final Path scratch;

    /// `scratch` is a folder of its own.
    public SecureClient(Wallet wallet, Path scratch) {
        this.wallet = wallet;
        this.scratch = scratch;
    }

    /// What came of it: a failure, or an answer. `certificate` is the common name that was shown, empty for none;
    /// `talk` is the whole conversation for people.
    public record Outcome(
            @Nullable Failure failure, @Nullable Reply reply, String certificate, String talk) {}

    /// Sends one request on a connection of its own. It must be answered in the version that was asked for.
    public Outcome send(int port, HttpClient.Version version, HttpClient.Call call, Handshake handshake)
            throws IOException {
        return outcome(version, words(port, version, call, handshake, List.of()));
    }

    /// The same by a tunnel: the proxy behind the port `door` is asked for the host and the port.
    public Outcome tunnel(int door, int port, HttpClient.Version version, HttpClient.Call call, Handshake handshake)
            throws IOException {
        var more = List.of("--proxy", "http://127.0.0.1:" + door, "--suppress-connect-headers");
        return outcome(version, words(port, version, call, handshake, more));
    }

    private Outcome outcome(HttpClient.Version version, List<String> words) throws IOException {
        var result = Tool.apart(words);
        var subject = SUBJECT.matcher(result.out());
        var certificate = subject.find() ? subject.group(1).strip() : "";
        if (result.exitCode() == 0) {
            var spoken = version == HttpClient.Version.HTTP_2 ? "2" : "1.1";
            if (!result.out().startsWith(spoken + "\n")) {
                throw new IOException("not HTTP/" + spoken + ":\n" + result.errors());
            }
            return new Outcome(null, reply(), certificate, result.errors());
        }
        return new Outcome(failure(result.exitCode(), result.errors()), null, certificate, result.errors());
    }

    private List<String> words(
            int port, HttpClient.Version version, HttpClient.Call call, Handshake handshake, List<String> proxied)
            throws IOException {
        var words = new ArrayList<>(List.of("curl", "--silent", "--verbose", "--path-as-is"));
        words.addAll(proxied.isEmpty() ? List.of("--noproxy", "*") : proxied);
        words.addAll(List.of("--max-time", "20", "--write-out", "%{http_version}\n%{certs}"));
        words.addAll(List.of("--output", file("body"), "--dump-header", file("head")));
        words.add(version == HttpClient.Version.HTTP_2 ? "--http2" : "--http1.1");
        if (!handshake.trust().isEmpty()) {
            words.addAll(List.of("--cacert", wallet.authority(handshake.trust()).toString()));
        }
        if (!handshake.client().isEmpty()) {
            var shown = wallet.client(handshake.client());
            words.addAll(List.of(
                    "--cert",
                    shown.certificate().toString(),
                    "--key",
                    shown.key().toString()));
        }
        if (!handshake.version().isEmpty()) {
            words.addAll(List.of("--tlsv" + handshake.version(), "--tls-max", handshake.version()));
        }
        // An address in the URL is no name, so nothing is asked for.
        var name = handshake.serverName().isEmpty() ? "127.0.0.1" : handshake.serverName();
        if (proxied.isEmpty()) {
            words.addAll(List.of("--resolve", name + ":" + port + ":127.0.0.1"));
        }
        words.addAll("HEAD".equals(call.method()) ? List.of("--head") : List.of("--request", call.method()));
        words.addAll(List.of("--header", "Host: " + call.host()));
        call.headers().forEach((header, value) -> words.addAll(List.of("--header", header + ": " + value)));
        if (!call.body().isEmpty()) {
            words.addAll(List.of("--header", "Content-Type:", "--data-binary", call.body()));
        }
        words.add("https://" + name + ":" + port + call.path());
        return words;
    }

    private String file(String name) {
        return scratch.resolve(name).toString();
    }

    private Reply reply() throws IOException {
        var head = Files.readString(scratch.resolve("head"), StandardCharsets.ISO_8859_1)
                .strip()
                .lines()
                .toList();
        var fields = new ArrayList<Map.Entry<String, String>>();
        for (var line : head.subList(1, head.size())) {
            int colon = line.indexOf(':');
            fields.add(new SimpleEntry<>(
                    line.substring(0, colon), line.substring(colon + 1).strip()));
        }
        var body = Files.exists(scratch.resolve("body")) ? Files.readString(scratch.resolve("body")) : "";
        Files.deleteIfExists(scratch.resolve("body"));
        return new Reply(Integer.parseInt(head.getFirst().split(" ")[1]), Headers.of(fields), body);
    }

    private static Failure failure(int exit, String talk) {
        if (exit == NOT_CONNECTED) {
            return Failure.REFUSED;
        }
        if (exit == NOT_VERIFIED) {
            return talk.contains("subject name") || talk.contains("target host")
                    ? Failure.WRONG_NAME
                    : Failure.UNTRUSTED;
        }
        if (talk.contains("CONNECT tunnel failed, response 403")) {
            return Failure.BLOCKED;
        }
        if (talk.contains("alert protocol version")) {
            return Failure.NO_VERSION;
        }
        return talk.contains("(IN), TLS handshake, Certificate (11)") ? Failure.CLIENT_REFUSED : Failure.CLOSED;
    }

    /// Talks to a line server: its greeting once it has sent a line back, or the failure in lower case. Believes every
    /// certificate.
    public Line talk(int port, Handshake handshake) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(HANG_MILLIS);
            var shown = new ArrayList<String>();
            try (var secure = (SSLSocket) context(handshake)
                    .context()
                    .getSocketFactory()
                    .createSocket(socket, handshake.serverName(), port, true)) {
                var parameters = secure.getSSLParameters();
                parameters.setServerNames(
                        handshake.serverName().isEmpty()
                                ? List.of()
                                : List.of(new SNIHostName(handshake.serverName())));
                secure.setSSLParameters(parameters);
                secure.startHandshake();
                var subject =
                        ISSUED_TO.matcher(secure.getSession().getPeerPrincipal().getName());
                shown.add(subject.find() ? subject.group(1) : "");
                return new Line(greeting(secure), shown.getFirst());
            } catch (SSLException | java.net.SocketException e) {
                return new Line(shown.isEmpty() ? "closed" : "client-refused", String.join("", shown));
            }
        } catch (ConnectException refused) {
            return new Line("refused", "");
        }
    }

    /// What a line server said, and the common name that was shown before.
    public record Line(String said, String certificate) {}

    private static String greeting(Socket socket) throws IOException {
        var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        socket.getOutputStream().write("hello\n".getBytes(StandardCharsets.UTF_8));
        var banner = in.readLine();
        if (banner == null) {
            return "closed";
        }
        return "hello".equals(in.readLine()) ? banner : banner + " without an echo";
    }

    private JdkSslContext context(Handshake handshake) throws IOException {
        var context = SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .trustManager(InsecureTrustManagerFactory.INSTANCE);
        if (!handshake.client().isEmpty()) {
            var shown = wallet.client(handshake.client());
            context.keyManager(shown.certificate().toFile(), shown.key().toFile());
        }
        return (JdkSslContext) context.build();
    }
}
