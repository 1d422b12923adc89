package io.sallyport.conformance;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/// A program that plays every host outside, in a network namespace of its own: whoever comes to one of its addresses by
/// HTTP (port 80), TLS (443), lines (5432 and 53) or UDP (53) is told which address that was, `at 198.51.100.10:80`.
final class OutsideWorld {

    static final String READY = "ready: the outside world";

    private static final int HANG_MILLIS = 20_000;

    private OutsideWorld() {}

    /// Takes a certificate and its key, PEM files.
    public static void main(String[] words) throws IOException, GeneralSecurityException {
        serve(new ServerSocket(80));
        serve(tls(Path.of(words[0]), Path.of(words[1])).getServerSocketFactory().createServerSocket(443));
        serve(new ServerSocket(5432));
        serve(new ServerSocket(53));
        var datagrams = new DatagramSocket(53);
        Thread.ofPlatform().start(() -> echo(datagrams));
        System.out.println(READY);
    }

    private static SSLContext tls(Path certificate, Path key) throws IOException, GeneralSecurityException {
        var chain = CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(certificate)));
        var bytes = Base64.getMimeDecoder().decode(Files.readString(key).replaceAll("-----[A-Z ]+-----", ""));
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(
                "own",
                KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(bytes)),
                new char[0],
                chain.toArray(Certificate[]::new));
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    private static void serve(ServerSocket server) {
        Thread.ofPlatform().start(() -> {
            while (true) {
                try {
                    var socket = server.accept();
                    Thread.ofVirtual().start(() -> answer(socket));
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            }
        });
    }

    private static void answer(Socket socket) {
        try (socket) {
            socket.setSoTimeout(HANG_MILLIS);
            var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            var first = in.readLine();
            // Without the name of the interface, which addresses of IPv6 may carry.
            var address = socket.getLocalAddress().getHostAddress().split("%", -1)[0];
            var at = "at " + address + ":" + socket.getLocalPort() + "\n";
            if (first != null && first.contains(" HTTP/1.")) {
                for (var line = in.readLine(); line != null && !line.isEmpty(); ) {
                    line = in.readLine();
                }
                at = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: " + at.length() + "\r\n\r\n" + at;
            }
            socket.getOutputStream().write(at.getBytes(StandardCharsets.UTF_8));
        } catch (IOException gone) {
            // Connections that are closed before a word is said belong to the test.
        }
    }

    private static void echo(DatagramSocket socket) {
        while (true) {
            try {
                var packet = new DatagramPacket(new byte[512], 512);
                socket.receive(packet);
                socket.send(packet);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
