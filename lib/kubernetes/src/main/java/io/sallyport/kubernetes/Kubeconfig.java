package io.sallyport.kubernetes;

import io.fabric8.kubernetes.api.model.AuthInfo;
import io.fabric8.kubernetes.api.model.NamedAuthInfo;
import io.fabric8.kubernetes.api.model.NamedCluster;
import io.fabric8.kubernetes.api.model.NamedContext;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.OAuthTokenProvider;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/// Reads a kubeconfig as `kubectl` does. The client takes every key in PKCS#8 for one of RSA, but many tools, such as
/// the environments for tests of Kubernetes itself, write keys of elliptic curves that way.
public final class Kubeconfig {

    private static final Logger log = LoggerFactory.getLogger(Kubeconfig.class);
    private static final String BEGIN_ANY = "-----BEGIN ";
    private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String END = "-----END PRIVATE KEY-----";

    private Kubeconfig() {}

    /// How to reach the API server that the file's current context names. What the file refers to has to be there:
    /// a context without its user would lead to an API server that takes nobody, one without its cluster elsewhere.
    public static Config read(Path file) throws IOException {
        var named = current(file);
        try {
            var config = Config.fromKubeconfig(file.toFile());
            if (named.user() != null) {
                credentials(file, named, named.user(), config);
            }
            if (isElliptic(key(file, config))) {
                config.setClientKeyAlgo("EC");
            }
            return config;
        } catch (KubernetesClientException | IllegalArgumentException e) {
            throw wrong(file, String.valueOf(e.getMessage()), e);
        }
    }

    /// The file that is there of what `KUBECONFIG` holds: one path, or several with colons between, of
    /// which those that are not there count for nothing. `kubectl` would put several together; here one
    /// has to say it all, since the first alone may lead elsewhere.
    public static Path only(String variable) throws IOException {
        var files = Stream.of(variable.split(File.pathSeparator))
                .filter(each -> !each.isEmpty() && Files.isReadable(Path.of(each)))
                .distinct()
                .toList();
        if (files.isEmpty()) {
            throw new IOException(
                    "KUBECONFIG: \"" + variable + "\" cannot be read (expected: the path of a kubeconfig)");
        }
        if (files.size() > 1) {
            throw new IOException(
                    "KUBECONFIG: \"%s\" names %d files (expected: one; `kubectl config view --flatten` makes one of them)"
                            .formatted(variable, files.size()));
        }
        return Path.of(files.getFirst());
    }

    /// What the current context names. `user` is null where it names none.
    private record Current(String userName, @Nullable AuthInfo user) {}

    private static Current current(Path file) throws IOException {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new IOException(
                    "kubernetes.kubeconfig: \"" + file + "\" cannot be read (expected: the path of a kubeconfig)");
        }
        var all = parsed(file);
        var contexts = names(all.getContexts(), NamedContext::getName);
        var wanted = all.getCurrentContext();
        if (wanted == null || wanted.isEmpty()) {
            throw wrong(file, "no current-context (expected: " + oneOf(contexts) + ")", null);
        }
        int at = contexts.indexOf(wanted);
        if (at < 0) {
            throw missing(file, "current-context", "context", wanted, contexts);
        }
        var context = all.getContexts().get(at).getContext();
        var clusters = names(all.getClusters(), NamedCluster::getName);
        if (!clusters.contains(context.getCluster())) {
            throw missing(file, "context \"" + wanted + "\"", "cluster", context.getCluster(), clusters);
        }
        var user = context.getUser();
        if (user == null || user.isEmpty()) {
            return new Current("", null);
        }
        var users = names(all.getUsers(), NamedAuthInfo::getName);
        if (!users.contains(user)) {
            throw missing(file, "context \"" + wanted + "\"", "user", user, users);
        }
        return new Current(user, all.getUsers().get(users.indexOf(user)).getUser());
    }

    private static io.fabric8.kubernetes.api.model.Config parsed(Path file) throws IOException {
        io.fabric8.kubernetes.api.model.Config all;
        try {
            all = Serialization.unmarshal(Files.readString(file), io.fabric8.kubernetes.api.model.Config.class);
        } catch (KubernetesClientException | IllegalArgumentException | YamlEngineException e) {
            throw wrong(file, "no kubeconfig: " + e.getMessage(), e);
        }
        if (all == null) {
            throw wrong(file, "empty (expected: a kubeconfig)", null);
        }
        return all;
    }

    // The client knows no files of tokens, and goes on without any credential where a command gives none.
    private static void credentials(Path file, Current named, AuthInfo user, Config config) throws IOException {
        var tokens = user.getTokenFile();
        if ((user.getToken() == null || user.getToken().isEmpty()) && tokens != null && !tokens.isEmpty()) {
            var tokenFile = file.toAbsolutePath().resolveSibling(tokens);
            readable(file, named, "tokenFile", tokenFile.toString());
            config.setOauthTokenProvider(new TokenFile(tokenFile, Files.readString(tokenFile)));
        }
        readable(file, named, "client-certificate", config.getClientCertFile());
        readable(file, named, "client-key", config.getClientKeyFile());
        var exec = user.getExec();
        boolean hasNone = isEmpty(config.getAutoOAuthToken()) && isEmpty(config.getClientCertData());
        if (exec != null && hasNone) {
            throw wrong(
                    file,
                    "user \"%s\": command \"%s\" gave no credential (expected: an ExecCredential of %s)"
                            .formatted(named.userName(), exec.getCommand(), exec.getApiVersion()),
                    null);
        }
        if (user.getAuthProvider() != null && hasNone) {
            throw wrong(
                    file,
                    "user \"%s\": auth-provider \"%s\" gave no credential (expected: exec, a token or a certificate)"
                            .formatted(named.userName(), user.getAuthProvider().getName()),
                    null);
        }
    }

    private static void readable(Path file, Current named, String field, @Nullable String target) throws IOException {
        if (target != null && !target.isEmpty() && !Files.isReadable(Path.of(target))) {
            throw wrong(
                    file,
                    "user \"%s\": %s \"%s\" cannot be read (expected: a file)"
                            .formatted(named.userName(), field, target),
                    null);
        }
    }

    private static boolean isEmpty(@Nullable String text) {
        return text == null || text.isEmpty();
    }

    private static <T> List<String> names(@Nullable List<T> all, Function<T, String> name) {
        return all == null ? List.of() : all.stream().map(name).toList();
    }

    private static IOException missing(
            Path file, String place, String kind, @Nullable String wanted, List<String> known) {
        return wrong(
                file, "%s: %s \"%s\" does not exist (expected: %s)".formatted(place, kind, wanted, oneOf(known)), null);
    }

    private static String oneOf(List<String> known) {
        return known.isEmpty() ? "one; there is none" : "one of " + String.join(", ", known);
    }

    private static IOException wrong(Path file, String what, @Nullable Exception cause) {
        return new IOException("kubernetes.kubeconfig: \"" + file + "\": " + what, cause);
    }

    private static String key(Path kubeconfig, Config config) throws IOException {
        var data = config.getClientKeyData();
        if (data != null && !data.isEmpty()) {
            // Those of commands are as they are.
            return data.contains(BEGIN_ANY)
                    ? data
                    : new String(Base64.getMimeDecoder().decode(data), StandardCharsets.US_ASCII);
        }
        var file = config.getClientKeyFile();
        try {
            return file == null || file.isEmpty() ? "" : Files.readString(Path.of(file), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw wrong(kubeconfig, "client-key \"" + file + "\" cannot be read", e);
        }
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

    /// Whoever renews a token writes its file anew. While it cannot be read, the last one stays.
    private static final class TokenFile implements OAuthTokenProvider {

        private final Path file;
        private volatile String last;

        TokenFile(Path file, String first) {
            this.file = file;
            this.last = first;
        }

        @Override
        public String getToken() {
            try {
                last = Files.readString(file);
            } catch (IOException e) {
                log.atWarn()
                        .addKeyValue("file", file)
                        .addKeyValue("reason", e.getMessage())
                        .log("The token of the kubeconfig cannot be read; the last one stays");
            }
            return last.strip();
        }
    }
}
