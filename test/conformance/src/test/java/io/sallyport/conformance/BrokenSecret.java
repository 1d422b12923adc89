package io.sallyport.conformance;

import io.sallyport.testkit.tls.Authority;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/// One way to break a secret, and the words by which its owner learns of it.
record BrokenSecret(String way, Map<String, String> entries, String reason) {

    private static final String REMOVED = "(removed)";

    /// A good secret after it was broken this way.
    Map<String, String> of(Map<String, String> good) {
        var broken = new TreeMap<>(good);
        broken.putAll(entries);
        broken.values().removeIf(REMOVED::equals);
        return broken;
    }

    /// A good secret, as entries of a document.
    static Map<String, String> good(Authority authority, String host) throws IOException {
        var issued = authority.issue(host, 20);
        return entries(Files.readString(issued.certificate()), Files.readString(issued.key()));
    }

    private static Map<String, String> entries(String certificate, String key) {
        return new TreeMap<>(Map.of("tls.crt", certificate, "tls.key", key));
    }

    private static Map<String, String> with(Map<String, String> entries, String name, String value) {
        var changed = new TreeMap<>(entries);
        changed.put(name, value);
        return changed;
    }

    /// Twenty ways to break a secret; `host` is for what is made meanwhile.
    static List<BrokenSecret> ways(Authority authority, String host, Path scratch) throws IOException {
        var good = good(authority, host);
        var other = good(authority, host);
        var certificate = text(good, "tls.crt");
        var key = text(good, "tls.key");
        var root = Files.readString(authority.certificate());
        var ways = new LinkedHashMap<String, BrokenSecret>();
        add(
                ways,
                "the key of another certificate",
                with(good, "tls.key", text(other, "tls.key")),
                "key does not belong");
        add(ways, "an empty certificate", with(good, "tls.crt", ""), "tls.crt is empty");
        add(ways, "an empty key", with(good, "tls.key", ""), "tls.key is empty");
        add(ways, "a truncated certificate", with(good, "tls.crt", half(certificate)), "tls.crt");
        add(ways, "a truncated key", with(good, "tls.key", half(key)), "tls.key");
        add(ways, "an expired certificate", dated(authority, host, "20200101", "20210101"), "expired on 2021");
        add(ways, "a certificate of the future", dated(authority, host, "20900101", "20910101"), "not valid before");
        add(ways, "two keys", with(good, "tls.key", key + text(other, "tls.key")), "2 private keys");
        add(ways, "a key in the chain", with(good, "tls.crt", certificate + key), "PRIVATE KEY");
        add(ways, "the authority's certificate alone", with(good, "tls.crt", root), "key does not belong");
        add(ways, "a certificate in place of the key", with(good, "tls.key", certificate), "CERTIFICATE");
        add(ways, "garbage", with(good, "tls.crt", "garbage"), "no PEM block");
        add(ways, "garbage in ca.crt", Map.of("ca.crt", "garbage"), "ca.crt");
        add(ways, "an empty ca.crt", Map.of("ca.crt", ""), "ca.crt is empty");
        add(ways, "garbage in ca.crl", Map.of("ca.crt", root, "ca.crl", "garbage"), "ca.crl");
        add(ways, "a key in ca.crt", Map.of("ca.crt", root + key), "ca.crt");
        add(ways, "no key", Map.of("tls.key", REMOVED), "tls.key is missing");
        add(ways, "a 512-bit key", made(scratch, "rsa:512"), "512 bits");
        add(ways, "a DSA key", dsa(scratch), "algorithm");
        add(ways, "an Ed25519 key", made(scratch, "ed25519"), "algorithm");
        return List.copyOf(ways.values());
    }

    /// A secret that is wrong and can be put right, and the serial number of its certificate.
    record Mendable(String way, Map<String, String> entries, int serial) {}

    static List<Mendable> mendable(Authority authority, String host) throws IOException {
        var root = Files.readString(authority.certificate());
        var backwards = good(authority, host);
        var first = authority.lastSerial();
        var twice = good(authority, host);
        return List.of(
                new Mendable(
                        "a chain in the wrong order",
                        with(backwards, "tls.crt", root + text(backwards, "tls.crt")),
                        first),
                new Mendable("an authority twice", with(twice, "ca.crt", root + root), authority.lastSerial()));
    }

    private static String text(Map<String, String> entries, String name) {
        return entries.getOrDefault(name, "");
    }

    private static Map<String, String> dated(Authority authority, String host, String from, String until)
            throws IOException {
        var issued = authority.issueFor(host, from, until);
        return entries(Files.readString(issued.certificate()), Files.readString(issued.key()));
    }

    private static void add(Map<String, BrokenSecret> ways, String way, Map<String, String> entries, String reason) {
        ways.put(way, new BrokenSecret(way, entries, reason));
    }

    private static String half(String text) {
        return text.substring(0, text.length() / 2);
    }

    private static Map<String, String> made(Path scratch, String algorithm) throws IOException {
        return selfSigned(scratch, List.of("-newkey", algorithm));
    }

    private static Map<String, String> dsa(Path scratch) throws IOException {
        var parameters = Files.createTempFile(scratch, "dsa", ".pem");
        run(List.of("openssl", "dsaparam", "-out", parameters.toString(), "1024"));
        return selfSigned(scratch, List.of("-newkey", "dsa:" + parameters));
    }

    private static Map<String, String> selfSigned(Path scratch, List<String> algorithm) throws IOException {
        var key = Files.createTempFile(scratch, "broken", ".key");
        var certificate = Files.createTempFile(scratch, "broken", ".crt");
        var words = new java.util.ArrayList<>(List.of("openssl", "req", "-x509", "-nodes", "-days", "9"));
        words.addAll(algorithm);
        words.addAll(List.of("-subj", "/CN=x", "-keyout", key.toString(), "-out", certificate.toString()));
        run(words);
        return entries(Files.readString(certificate), Files.readString(key));
    }

    private static void run(List<String> words) throws IOException {
        var process = new ProcessBuilder(words).redirectErrorStream(true).start();
        process.getOutputStream().close();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IOException(words + " failed:\n" + said);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
