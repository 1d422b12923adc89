package io.sallyport.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.Config;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Kubeconfigs as people and tools write them: who the caller is, where it goes, and what is wrong, in one line.
@Tag("F25")
class KubeconfigTest {

    private static final String CONTEXTS =
            "{name: a, context: {cluster: a, user: u}}, {name: b, context: {cluster: b, user: u, namespace: team}}";

    @TempDir
    Path folder;

    private Path write(String user, String contexts, String current) throws IOException {
        return Files.writeString(folder.resolve("config"), """
                apiVersion: v1
                kind: Config
                clusters:
                - {name: a, cluster: {server: "https://a.test:6443"}}
                - {name: b, cluster: {server: "https://b.test/k8s/clusters/x"}}
                users: [{name: u, user: %s}]
                contexts: [%s]
                %s
                """.formatted(user, contexts, current));
    }

    private Config read(String user) throws IOException {
        return Kubeconfig.read(write(user, CONTEXTS, "current-context: b"));
    }

    private String command(String script) throws IOException {
        var file = Files.writeString(folder.resolve("login"), "#!/bin/sh\n" + script + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
        return exec(file.toString());
    }

    private static String exec(String command) {
        return "{exec: {apiVersion: client.authentication.k8s.io/v1, command: %s, interactiveMode: Never}}"
                .formatted(command);
    }

    private static String credential(String status) {
        return "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{%s}}'"
                .formatted(status);
    }

    @Test
    void theCurrentOfSeveralContextsCounts() throws Exception {
        assertThat(read("{token: t}")).satisfies(config -> {
            assertThat(config.getMasterUrl()).isEqualTo("https://b.test/k8s/clusters/x/");
            assertThat(config.getAutoOAuthToken()).isEqualTo("t");
            assertThat(config.getNamespace()).isEqualTo("team");
        });
    }

    @Test
    void aFileOfATokenIsReadAnew() throws Exception {
        var file = Files.writeString(folder.resolve("token"), "first\n");
        var tokens = Objects.requireNonNull(read("{tokenFile: token}").getOauthTokenProvider());

        assertThat(tokens.getToken()).isEqualTo("first");
        Files.writeString(file, "second\n");
        assertThat(tokens.getToken()).isEqualTo("second");
        Files.delete(file);
        assertThat(tokens.getToken()).isEqualTo("second");
    }

    @Test
    void aCommandGivesATokenOrACertificate() throws Exception {
        assertThat(read(command(credential("\"token\":\"t\""))).getAutoOAuthToken())
                .isEqualTo("t");
        var pem = "-----BEGIN RSA PRIVATE KEY-----\\\\nabc\\\\n-----END RSA PRIVATE KEY-----";
        assertThat(read(command(credential(
                                "\"clientCertificateData\":\"certificate\",\"clientKeyData\":\"" + pem + "\"")))
                        .getClientCertData())
                .isEqualTo("certificate");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            echo no login >&2; exit 3
            echo hello
            true
            """)
    void aCommandThatGivesNoneIsSaid(String script) throws Exception {
        var user = command(script);
        assertThatThrownBy(() -> read(user))
                .isInstanceOf(IOException.class)
                .hasMessage("kubernetes.kubeconfig: \"" + folder.resolve("config") + "\": user \"u\": command \""
                        + folder.resolve("login")
                        + "\" gave no credential (expected: an ExecCredential of client.authentication.k8s.io/v1)");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {exec: {apiVersion: client.authentication.k8s.io/v1, command: /no/such}} | user "u": command "/no/such" gave no
            {auth-provider: {name: gcp}}   | user "u": auth-provider "gcp" gave no credential
            {tokenFile: /no/token}         | user "u": tokenFile "/no/token" cannot be read
            {client-certificate: /no/crt, client-key: /no/key} | user "u": client-certificate "/no/crt" cannot be read
            """)
    void aCredentialThatIsNotThereIsSaid(String user, String message) {
        assertThatThrownBy(() -> read(user)).isInstanceOf(IOException.class).hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {name: a, context: {cluster: a, user: u}}  |                    | no current-context (expected: one of a)
            {name: a, context: {cluster: a, user: u}}  | current-context: c | current-context: context "c" does not exist (expected: one of a)
            {name: a, context: {cluster: z, user: u}}  | current-context: a | context "a": cluster "z" does not exist (expected: one of a, b)
            {name: a, context: {cluster: a, user: w}}  | current-context: a | context "a": user "w" does not exist (expected: one of u)
            """)
    void aContextThatLeadsNowhereIsSaid(String contexts, String current, String message) throws Exception {
        var file = write("{token: t}", contexts, current == null ? "" : current);
        assertThatThrownBy(() -> Kubeconfig.read(file))
                .isInstanceOf(IOException.class)
                .hasMessage("kubernetes.kubeconfig: \"" + file + "\": " + message);
    }

    @Test
    void aContextWithoutAUserIsNobodys() throws Exception {
        var file = write("{token: t}", "{name: a, context: {cluster: a}}", "current-context: a");
        assertThat(Kubeconfig.read(file).getMasterUrl()).isEqualTo("https://a.test:6443/");
    }

    @Test
    void whatIsNoKubeconfigIsSaid() throws Exception {
        var file = folder.resolve("config");
        for (var text : new String[] {"", "hello: [", "7", "[]"}) {
            Files.writeString(file, text);
            assertThatThrownBy(() -> Kubeconfig.read(file))
                    .as(text)
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("kubernetes.kubeconfig: \"" + file + "\": ");
        }
        assertThatThrownBy(() -> Kubeconfig.read(folder))
                .hasMessage("kubernetes.kubeconfig: \"" + folder
                        + "\" cannot be read (expected: the path of a kubeconfig)");
    }

    @Test
    void theOneOfSeveralPathsThatIsThereIsTaken() throws Exception {
        var file = write("{token: t}", CONTEXTS, "current-context: b");
        assertThat(Kubeconfig.only(folder.resolve("nobodys") + File.pathSeparator + file))
                .isEqualTo(file);
        assertThatThrownBy(() -> Kubeconfig.only(folder.resolve("nobodys").toString()))
                .hasMessageContaining("cannot be read (expected: the path of a kubeconfig)");
    }

    @Test
    void severalFilesAreNotTakenForTheFirst() throws Exception {
        var one = write("{token: t}", CONTEXTS, "current-context: b");
        var two = Files.copy(one, folder.resolve("two"));
        var both = one + File.pathSeparator + two;
        assertThatThrownBy(() -> Kubeconfig.only(both))
                .isInstanceOf(IOException.class)
                .hasMessage("KUBECONFIG: \"" + both
                        + "\" names 2 files (expected: one; `kubectl config view --flatten` makes one of them)");
        assertThat(Kubeconfig.only(one + File.pathSeparator + one)).isEqualTo(one);
    }
}
