package io.sallyport.testkit.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/// An authority that issues certificates for tests, with `openssl` as the documents do it.
public final class Authority {

    private static final List<String> NEW_KEY =
            List.of("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes");

    private final Path folder;
    private final Issued own;
    private int serial;

    /// A certificate and its key, PEM files.
    public record Issued(Path certificate, Path key) {}

    private Authority(Path folder, Issued own) {
        this.folder = folder;
        this.own = own;
    }

    /// A new one that keeps its files in a folder of its own.
    public static Authority in(Path folder) throws IOException {
        Files.createDirectories(folder);
        var own = new Issued(folder.resolve("ca.crt"), folder.resolve("ca.key"));
        var words = new ArrayList<>(List.of("openssl", "req", "-x509", "-days", "30", "-subj", "/CN=root"));
        words.addAll(NEW_KEY);
        words.addAll(List.of(
                "-keyout", own.key().toString(), "-out", own.certificate().toString()));
        Tool.run(words);
        return new Authority(folder, own);
    }

    /// Its own certificate, for those who trust it.
    public Path certificate() {
        return own.certificate();
    }

    /// A certificate for a host name, each time with another serial number. Negative days: it has expired.
    public Issued issue(String name, int days) throws IOException {
        return issue(List.of(name), days);
    }

    /// A certificate for several host names, the first of them its common name.
    public Issued issue(List<String> names, int days) throws IOException {
        return issue(names, days, NEW_KEY);
    }

    /// A certificate with a key of the older kind.
    public Issued issueRsa(String name, int days) throws IOException {
        return issue(List.of(name), days, List.of("-newkey", "rsa:2048", "-nodes"));
    }

    private Issued issue(List<String> names, int days, List<String> newKey) throws IOException {
        serial++;
        var name = names.getFirst();
        var base = folder.resolve(name.replace('*', '_') + "-" + serial);
        var issued = new Issued(Path.of(base + ".crt"), Path.of(base + ".key"));
        var request = base + ".csr";
        var extensions =
                Files.writeString(Path.of(base + ".ext"), "subjectAltName=DNS:" + String.join(",DNS:", names) + "\n");
        var words = new ArrayList<>(List.of("openssl", "req", "-subj", "/CN=" + name));
        words.addAll(newKey);
        words.addAll(List.of("-keyout", issued.key().toString(), "-out", request));
        Tool.run(words);
        Tool.run(List.of(
                "openssl",
                "x509",
                "-req",
                "-in",
                request,
                "-CA",
                own.certificate().toString(),
                "-CAkey",
                own.key().toString(),
                "-set_serial",
                String.valueOf(1_000 + serial),
                "-days",
                String.valueOf(days),
                "-extfile",
                extensions.toString(),
                "-out",
                issued.certificate().toString()));
        return issued;
    }

    /// A certificate for a host name from one day to another, each as `20200101`.
    public Issued issueFor(String name, String from, String until) throws IOException {
        var issued = issue(name, 1);
        var base = issued.certificate().toString().replace(".crt", "");
        var database = Files.writeString(Path.of(base + ".index"), "");
        var numbers = Files.writeString(Path.of(base + ".serial"), "%04x".formatted(lastSerial()));
        var settings = Files.writeString(Path.of(base + ".cnf"), """
                [ca]
                default_ca = this
                [this]
                database = %s
                serial = %s
                new_certs_dir = %s
                default_md = sha256
                policy = any
                x509_extensions = names
                [any]
                commonName = supplied
                [names]
                subjectAltName = DNS:%s
                """.formatted(database, numbers, folder, name));
        Tool.run(List.of(
                "openssl",
                "ca",
                "-batch",
                "-notext",
                "-config",
                settings.toString(),
                "-cert",
                own.certificate().toString(),
                "-keyfile",
                own.key().toString(),
                "-startdate",
                from + "000000Z",
                "-enddate",
                until + "000000Z",
                "-in",
                base + ".csr",
                "-out",
                issued.certificate().toString()));
        return issued;
    }

    /// The certificates that vouch for what this authority issues, for a client in this process.
    public X509Certificate trust() throws IOException {
        try (var in = Files.newInputStream(own.certificate())) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        } catch (CertificateException e) {
            throw new IOException(e);
        }
    }

    /// Takes certificates back. Answers the list of all that were, as PEM.
    public Path revoke(Issued... unwanted) throws IOException {
        var settings = Files.writeString(folder.resolve("revoke.conf"), """
                [ca]
                default_ca = own
                [own]
                database = %s
                default_md = sha256
                default_crl_days = 30
                """.formatted(folder.resolve("index.txt")));
        if (!Files.exists(folder.resolve("index.txt"))) {
            Files.createFile(folder.resolve("index.txt"));
        }
        var list = folder.resolve("crl.pem");
        var words = List.of(
                "openssl",
                "ca",
                "-config",
                settings.toString(),
                "-keyfile",
                own.key().toString(),
                "-cert",
                own.certificate().toString());
        for (var each : unwanted) {
            Tool.run(with(words, "-revoke", each.certificate().toString()));
        }
        Tool.run(with(words, "-gencrl", "-out", list.toString()));
        return list;
    }

    private static List<String> with(List<String> words, String... more) {
        var all = new ArrayList<>(words);
        all.addAll(List.of(more));
        return all;
    }

    /// The serial number that [#issue] gave the last certificate.
    public int lastSerial() {
        return 1_000 + serial;
    }
}
