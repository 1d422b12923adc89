package io.sallyport.kubernetes;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;

/// Reads a kubeconfig as `kubectl` does. The client takes every key in PKCS#8 for one of RSA, but many tools, such as
/// the environments for tests of Kubernetes itself, write keys of elliptic curves that way.
public final class Kubeconfig {

    private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String END = "-----END PRIVATE KEY-----";

    private Kubeconfig() {}

    /// How to reach the API server that the file's current context names.
    public static Config read(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            throw new IOException(
                    "kubernetes.kubeconfig: \"" + file + "\" cannot be read (expected: the path of a kubeconfig)");
        }
        try {
            var config = Config.fromKubeconfig(file.toFile());
            if (isElliptic(key(config))) {
                config.setClientKeyAlgo("EC");
            }
            return config;
        } catch (KubernetesClientException | IllegalArgumentException e) {
            throw new IOException("kubernetes.kubeconfig: \"" + file + "\": " + e.getMessage(), e);
        }
    }

    private static String key(Config config) throws IOException {
        var data = config.getClientKeyData();
        if (data != null && !data.isEmpty()) {
            return new String(Base64.getMimeDecoder().decode(data), StandardCharsets.US_ASCII);
        }
        var file = config.getClientKeyFile();
        return file == null || file.isEmpty() ? "" : Files.readString(Path.of(file), StandardCharsets.US_ASCII);
    }

    private static boolean isElliptic(String pem) {
        int from = pem.indexOf(BEGIN);
        int to = pem.indexOf(END);
        if (from < 0 || to < from) {
            return false;
        }
        try {
            var der = Base64.getMimeDecoder().decode(pem.substring(from + BEGIN.length(), to));
            KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
            return true;
        } catch (GeneralSecurityException another) {
            return false;
        }
    }
}
