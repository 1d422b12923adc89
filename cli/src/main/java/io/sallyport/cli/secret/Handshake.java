package io.sallyport.cli.secret;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/// Asks a gateway for a name as a client does, to see which certificate it shows. Nothing is sent inside: the
/// certificate is only looked at, so it need not be trusted, and a client certificate is not shown.
final class Handshake {

    private static final int MILLIS = 2_000;
    private static final int AT_ONCE = 32;
    private static final String[] ECDSA = {"ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512"
    };
    private static final String[] RSA = {"rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pkcs1_sha256"};

    /// What became of it: the serial numbers that were shown, as `4e:1a:07`, or why there is none.
    record Shown(List<String> serials, String failure) {}

    private Handshake() {}

    /// Asks at all doors, some at a time. `host` stands in for addresses that a gateway binds, if it is not empty.
    static Map<Door, Shown> at(List<Door> doors, String host) throws InterruptedException {
        var room = new Semaphore(AT_ONCE);
        var shown = new HashMap<Door, Shown>();
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var tasks = new HashMap<Door, Future<Shown>>();
            for (var door : doors) {
                Callable<Shown> task = () -> {
                    room.acquire();
                    try {
                        return at(door, host);
                    } finally {
                        room.release();
                    }
                };
                tasks.put(door, executor.submit(task));
            }
            for (var task : tasks.entrySet()) {
                try {
                    shown.put(task.getKey(), task.getValue().get());
                } catch (ExecutionException e) {
                    throw new IllegalStateException("handshake at " + task.getKey(), e.getCause());
                }
            }
        }
        return shown;
    }

    private static Shown at(Door door, String host) {
        var target = new InetSocketAddress(host.isEmpty() ? door.host() : host, door.port());
        if (target.isUnresolved() || (host.isEmpty() && !isHere(target))) {
            return new Shown(List.of(), "not asked: it listens on " + door.host() + " (expected: --at HOST)");
        }
        var serials = new ArrayList<String>();
        var failure = "";
        // A server with several secrets shows one of each kind of key.
        var kinds = door.secrets().size() > 1 ? List.of(ECDSA, RSA) : List.<String[]>of(new String[0]);
        for (var kind : kinds) {
            try {
                serials.add(serial(target, name(door.sni()), kind));
            } catch (IOException e) {
                failure = e instanceof java.net.ConnectException ? "refused" : "closed";
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("this Java has no TLS", e);
            }
        }
        return serials.isEmpty() ? new Shown(List.of(), failure) : new Shown(serials, "");
    }

    // An address that any machine may have says nothing about which one.
    private static boolean isHere(InetSocketAddress target) {
        return target.getAddress().isLoopbackAddress();
    }

    private static String name(String sni) {
        if (sni.equals("*")) {
            return "";
        }
        return sni.startsWith("*") ? "sallyport-asks" + (sni.startsWith("*.") ? "" : ".") + sni.substring(1) : sni;
    }

    private static String serial(InetSocketAddress target, String name, String... schemes)
            throws IOException, GeneralSecurityException {
        var observer = new Observer();
        var context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {observer}, new SecureRandom());
        try (var plain = new Socket()) {
            plain.setSoTimeout(MILLIS);
            plain.connect(target, MILLIS);
            try (var socket =
                    (SSLSocket) context.getSocketFactory().createSocket(plain, null, target.getPort(), true)) {
                socket.setSSLParameters(parameters(socket.getSSLParameters(), name, schemes));
                socket.startHandshake();
            } catch (IOException refused) {
                // A gateway that wants a certificate of ours has shown its own before.
                if (observer.serial.isEmpty()) {
                    throw refused;
                }
            }
        }
        return observer.serial;
    }

    private static SSLParameters parameters(SSLParameters parameters, String name, String... schemes)
            throws IOException {
        try {
            parameters.setServerNames(name.isEmpty() ? List.of() : List.of(new SNIHostName(name)));
        } catch (IllegalArgumentException unusable) {
            throw new IOException("\"" + name + "\" is no name for a handshake", unusable);
        }
        if (schemes.length > 0) {
            parameters.setSignatureSchemes(schemes);
        }
        return parameters;
    }

    // Looks at the certificate and trusts it for the length of this handshake, in which nothing is said.
    private static final class Observer extends X509ExtendedTrustManager {

        private String serial = "";

        private void see(X509Certificate[] chain) {
            if (chain.length > 0) {
                serial = written(chain[0].getSerialNumber());
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket) {
            see(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine) {
            see(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind) {
            see(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    private static String written(BigInteger serial) {
        var hex = serial.toString(16);
        var even = hex.length() % 2 == 0 ? hex : "0" + hex;
        return String.join(":", even.split("(?<=\\G..)", -1)).replaceAll(":$", "");
    }
}
