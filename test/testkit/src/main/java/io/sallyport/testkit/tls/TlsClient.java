package io.sallyport.testkit.tls;

import io.sallyport.testkit.net.SteadyClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/// A TLS client of this process, for tests that ask often: it trusts one authority and checks names as browsers do.
/// Every handshake is a whole one, so it sees the certificate that is served now.
public final class TlsClient {

    private static final int HANG_MILLIS = 10_000;

    private final Authority authority;
    private final int port;

    /// Asks a port of this machine.
    public TlsClient(Authority authority, int port) {
        this.authority = authority;
        this.port = port;
    }

    /// A connection whose handshake is done.
    public SSLSocket connect(String host) throws IOException {
        var plain = new Socket(InetAddress.getLoopbackAddress(), port);
        try {
            plain.setSoTimeout(HANG_MILLIS);
            plain.setTcpNoDelay(true);
            var socket = (SSLSocket) context().getSocketFactory().createSocket(plain, host, port, true);
            var parameters = socket.getSSLParameters();
            parameters.setServerNames(List.of(new SNIHostName(host)));
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            return socket;
        } catch (IOException failed) {
            plain.close();
            throw failed;
        }
    }

    // A new one each time, so that no session is resumed.
    private SSLContext context() throws IOException {
        try {
            var store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setCertificateEntry("authority", authority.trust());
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            var context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    /// `200` and the like, or why there is no answer.
    public String ask(String host) {
        try (var socket = connect(host)) {
            socket.getOutputStream()
                    .write(("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            var status = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
                    .readLine();
            return status == null ? "closed" : status.replaceAll("HTTP/1.1 (\\d+).*", "$1");
        } catch (IOException failed) {
            return String.valueOf(failed.getMessage());
        }
    }

    /// The serial number of the certificate that is shown for a name.
    public BigInteger serial(String host) throws IOException {
        try (var socket = connect(host)) {
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
        }
    }

    /// A client for a host that never stops.
    public SteadyClient steady(String host) {
        return new SteadyClient(() -> connect(host), host, "/");
    }
}
