package io.sallyport.standalone;

import com.google.common.net.HostAndPort;
import io.sallyport.accesslog.CollectorSettings;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.receive.PrivacyRules;
import io.sallyport.accesslog.receive.Proxy;
import io.sallyport.accesslog.receive.RowRules;
import io.sallyport.accesslog.receive.SamplingRules;
import io.sallyport.accesslog.storage.ClickHouseSettings;
import io.sallyport.config.store.StoreSettings;
import io.sallyport.runtime.identity.AuthorizationSettings;
import io.sallyport.runtime.identity.IdentitySettings;
import io.sallyport.runtime.tls.TlsFiles;
import io.sallyport.secret.SecretSettings;
import io.sallyport.secret.store.MasterKey;
import io.sallyport.secret.store.SealedFiles;
import io.sallyport.secret.store.SecretStoreException;
import io.sallyport.standalone.names.NameServers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The settings files of services that run alone, one record each. All paths are relative to the working
/// directory.
///
/// Without `tls` a service listens on loopback alone and calls others there. With it addresses may be any, every
/// connection is encrypted, and every call has a known caller:
///
/// ```yaml
/// tls: {certificate: /tls/tls.crt, key: /tls/tls.key, ca: /tls/ca.crt}
/// identity: {…}         # see IdentitySettings
/// authorization: {…}    # see AuthorizationSettings
/// ```
final class ServiceSettings {

    private ServiceSettings() {}

    /// `sallyport service config`:
    ///
    /// ```yaml
    /// grpc: 127.0.0.1:15016
    /// http: 127.0.0.1:15080
    /// tokenFile: data/token
    /// store: {file: data/config.db}    # or {url: "jdbc:postgresql://…", user: …, passwordFile: …}
    /// directory: config                # optional: the directory source
    /// kubernetes: {namespaces: [shop]}    # optional: the cluster as a source, see [KubernetesChoices]
    /// ```
    record Config(
            String grpc,
            String http,
            @Nullable Path tokenFile,
            Store store,
            @Nullable Path directory,
            @Nullable KubernetesChoices kubernetes,
            @Nullable TlsFiles tls,
            @Nullable IdentitySettings identity,
            @Nullable AuthorizationSettings authorization)
            implements Doors.Security {

        Config {
            requireText("grpc", grpc);
            requireText("http", http);
            if (store == null) {
                throw new IllegalArgumentException("store is missing (expected: {file: …} or {url: …})");
            }
        }
    }

    /// Where revisions are kept: a file of SQLite, or a database that replicas share.
    record Store(
            @Nullable Path file,
            @Nullable String url,
            @Nullable String user,
            @Nullable Path passwordFile) {

        Store {
            if ((file == null) == (url == null)) {
                throw new IllegalArgumentException("store needs exactly one of \"file\" and \"url\"");
            }
        }

        StoreSettings settings() throws IOException {
            if (file != null) {
                return new StoreSettings.Sqlite(file);
            }
            var password =
                    passwordFile == null ? "" : Files.readString(passwordFile).strip();
            return new StoreSettings.Postgres(url == null ? "" : url, user == null ? "" : user, password);
        }
    }

    /// `sallyport service xds`:
    ///
    /// ```yaml
    /// xds: 127.0.0.1:15010      # for Envoys
    /// grpc: 127.0.0.1:15017
    /// http: 127.0.0.1:15081
    /// config: 127.0.0.1:15016   # config-service
    /// tokenFile: data/token
    /// ```
    record Xds(
            String xds,
            String grpc,
            String http,
            String config,
            @Nullable Path tokenFile,
            @Nullable TlsFiles tls,
            @Nullable IdentitySettings identity,
            @Nullable AuthorizationSettings authorization)
            implements Doors.Security {

        Xds {
            requireText("xds", xds);
            requireText("grpc", grpc);
            requireText("http", http);
            requireText("config", config);
        }
    }

    /// `sallyport service secret`:
    ///
    /// ```yaml
    /// sds: data/sds.sock        # for Envoys: a Unix socket, or with tls host:port
    /// grpc: 127.0.0.1:15018
    /// http: 127.0.0.1:15082
    /// store: data/secrets       # what is kept, encrypted
    /// directory: config         # optional: followed for secrets
    /// kubernetes: {namespaces: [istio-system]}    # optional: Secrets of the gateways' namespaces
    /// masterKeyFile: data/master.key   # or SALLYPORT_MASTER_KEY; default: in the store
    /// fileRoots: [/etc/istio]   # optional: where certificates may be that gateways name by path
    /// config: 127.0.0.1:15016   # optional: config-service, for SecretGrants and those paths
    /// tokenFile: data/token
    /// ```
    record Secret(
            String sds,
            String grpc,
            String http,
            Path store,
            @Nullable Path directory,
            @Nullable KubernetesChoices kubernetes,
            @Nullable Path masterKeyFile,
            @Nullable List<Path> fileRoots,
            @Nullable String config,
            @Nullable Path tokenFile,
            @Nullable TlsFiles tls,
            @Nullable IdentitySettings identity,
            @Nullable AuthorizationSettings authorization)
            implements Doors.Security {

        Secret {
            requireText("sds", sds);
            requireText("grpc", grpc);
            requireText("http", http);
            requirePath("store", store);
            if (kubernetes != null
                    && (kubernetes.namespaces() == null
                            || kubernetes.namespaces().isEmpty())) {
                throw new IllegalArgumentException(
                        "kubernetes.namespaces is missing (expected: the namespaces of the gateways, no others)");
            }
        }

        SecretSettings settings(Optional<String> masterKey) {
            return new SecretSettings(
                    Optional.ofNullable(directory),
                    Optional.ofNullable(kubernetes).map(KubernetesChoices::cluster),
                    store,
                    masterKeyFile == null ? store.resolve("master.key") : masterKeyFile,
                    masterKey,
                    fileRoots == null ? List.of() : fileRoots);
        }
    }

    /// `sallyport service relay`, beside a gateway:
    ///
    /// ```yaml
    /// xds: 127.0.0.1:15012      # for the Envoy, in place of xds-service
    /// sds: data/relay.sock      # for the Envoy, in place of secret-service
    /// http: 127.0.0.1:15085
    /// discovery: 127.0.0.1:15010   # xds-service
    /// secrets: data/sds.sock    # secret-service
    /// store: data/relay         # what the Envoy took last, encrypted
    /// masterKeyFile: data/relay.key    # or SALLYPORT_MASTER_KEY; default: in the store
    /// names: 127.0.0.1:15053    # for the Envoy, in place of the machine's name servers; default: none
    /// nameServers: [10.0.0.2, "10.0.0.3:53"]   # who is asked then; default: those of /etc/resolv.conf
    /// ```
    record Relay(
            String xds,
            Path sds,
            String http,
            String discovery,
            String secrets,
            Path store,
            @Nullable Path masterKeyFile,
            @Nullable String names,
            @Nullable List<String> nameServers,
            @Nullable TlsFiles tls)
            implements Doors.Security {

        Relay {
            requireText("xds", xds);
            requirePath("sds", sds);
            requireText("http", http);
            requireText("discovery", discovery);
            requireText("secrets", secrets);
            requirePath("store", store);
        }

        NameServers servers() {
            if (nameServers == null) {
                return NameServers.of(Path.of("/etc/resolv.conf"));
            }
            var servers = nameServers.stream().map(BootstrapCommand::nameServer).toList();
            return () -> servers;
        }

        @Override
        public @Nullable IdentitySettings identity() {
            return null;
        }

        @Override
        public @Nullable AuthorizationSettings authorization() {
            return null;
        }

        @Override
        public @Nullable Path tokenFile() {
            return null;
        }

        SealedFiles files(Optional<String> masterKey, SecureRandom random) throws IOException {
            try {
                // Makes the folder, where the key may be.
                Files.createDirectories(
                        store, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                var key = masterKey.isPresent()
                        ? MasterKey.ofBase64(masterKey.get())
                        : MasterKey.inFile(masterKeyFile == null ? store.resolve("master.key") : masterKeyFile, random);
                var files = new SealedFiles(store.resolve("kept"), key, random);
                files.renew();
                return files;
            } catch (SecretStoreException e) {
                throw new IOException(e.getMessage(), e);
            }
        }
    }

    /// `sallyport service egress`:
    ///
    /// ```yaml
    /// grpc: 127.0.0.1:15019
    /// http: 127.0.0.1:15083
    /// config: 127.0.0.1:15016   # config-service
    /// logs: 127.0.0.1:15020     # optional: accesslog-collector, for what was seen
    /// tokenFile: data/token
    /// ```
    record Egress(
            String grpc,
            String http,
            String config,
            @Nullable String logs,
            @Nullable Path tokenFile,
            @Nullable TlsFiles tls,
            @Nullable IdentitySettings identity,
            @Nullable AuthorizationSettings authorization)
            implements Doors.Security {

        Egress {
            requireText("grpc", grpc);
            requireText("http", http);
            requireText("config", config);
        }
    }

    /// `sallyport service accesslog`:
    ///
    /// ```yaml
    /// als: 127.0.0.1:15011      # for Envoys and OpenTelemetry
    /// grpc: 127.0.0.1:15020
    /// http: 127.0.0.1:15084
    /// data: data/logs           # spool, counts and rows
    /// kafka: {bootstrapServers: "kafka:9092", instance: collector-0, client: {security.protocol: SSL}}
    /// clickhouse: {url: "https://clickhouse:8443", user: sallyport, passwordFile: clickhouse.password}
    /// broker: /opt/sallyport/broker    # without kafka: a broker of our own; default: the one beside our jars
    /// tokenFile: data/token     # whoever has it sees all rows
    /// callers: [{tokenFile: shop.token, namespaces: [shop]}]
    /// files: [{path: /var/log/edge.log, proxy: istio-system/edge}]    # lines in Istio's formats
    /// sampling: {share: 0.1, slow: PT1S}    # all errors and slow requests, and a tenth of the rest
    /// privacy:                  # before anything is written
    ///   keyFile: data/privacy.key         # of the hashes
    ///   rules: [{attribute: source.address, action: MASK}, {attribute: request.headers.x-user, action: HASH}]
    /// config: 127.0.0.1:15016   # optional: who is asked for revisions and rules,
    /// xds: 127.0.0.1:15017      # for what each proxy runs,
    /// secret: 127.0.0.1:15018   # and for certificates
    /// ```
    record AccessLog(
            String als,
            String grpc,
            String http,
            Path data,
            @Nullable Kafka kafka,
            @Nullable ClickHouse clickhouse,
            @Nullable Path broker,
            Path tokenFile,
            @Nullable List<LogCaller> callers,
            @Nullable List<FollowedFile> files,
            @Nullable Sampling sampling,
            @Nullable Privacy privacy,
            @Nullable String config,
            @Nullable String xds,
            @Nullable String secret,
            @Nullable TlsFiles tls,
            @Nullable IdentitySettings identity,
            @Nullable AuthorizationSettings authorization)
            implements Doors.Security {

        AccessLog {
            requireText("als", als);
            requireText("grpc", grpc);
            requireText("http", http);
            requirePath("data", data);
            requirePath("tokenFile", tokenFile);
            if ((config == null) != (xds == null) || (config == null) != (secret == null)) {
                throw new IllegalArgumentException("config, xds and secret (expected: all of them, or none)");
            }
        }

        CollectorSettings settings() throws IOException {
            var programs = broker == null ? BrokerProgram.find() : List.of(broker);
            var local = CollectorSettings.below(data, programs);
            return new LogChoices(kafka, clickhouse, sampling, privacy, files).over(local);
        }
    }

    /// `sallyport up --logs FILE`, and the same words for `sallyport service accesslog`:
    ///
    /// ```yaml
    /// sampling: {share: 0.1, slow: PT1S}    # all errors and slow requests, and a tenth of the rest
    /// privacy: {rules: [{attribute: source.address, action: MASK}]}
    /// kafka: {bootstrapServers: "kafka:9093", client: {security.protocol: SASL_SSL, sasl.mechanism: PLAIN, …}}
    /// clickhouse: {url: "https://clickhouse:8443", user: sallyport, passwordFile: clickhouse.password}
    /// files: [{path: /var/log/edge.log, proxy: istio-system/edge}]    # lines in Istio's formats
    /// ```
    record LogChoices(
            @Nullable Kafka kafka,
            @Nullable ClickHouse clickhouse,
            @Nullable Sampling sampling,
            @Nullable Privacy privacy,
            @Nullable List<FollowedFile> files) {

        static final LogChoices NONE = new LogChoices(null, null, null, null, null);

        CollectorSettings over(CollectorSettings local) throws IOException {
            var rules = new RowRules(
                    sampling == null ? SamplingRules.ALL : sampling.rules(),
                    privacy == null ? PrivacyRules.NONE : privacy.made());
            var stored = clickhouse == null ? local : local.with(clickhouse.settings());
            var followed = files == null
                    ? List.<CollectorSettings.LogFile>of()
                    : files.stream().map(FollowedFile::file).toList();
            return (kafka == null ? stored : stored.with(kafka.settings())).with(rules, followed);
        }
    }

    /// A file of lines, and whose they are.
    record FollowedFile(Path path, String proxy) {

        FollowedFile {
            requirePath("files.path", path);
            requireText("files.proxy", proxy);
        }

        CollectorSettings.LogFile file() {
            var slash = proxy.indexOf('/');
            return new CollectorSettings.LogFile(
                    path, new Proxy(proxy.substring(0, Math.max(0, slash)), proxy.substring(slash + 1)));
        }
    }

    /// Which rows are kept.
    record Sampling(double share, @Nullable Duration slow) {

        SamplingRules rules() {
            return new SamplingRules(share, slow == null ? Duration.ofSeconds(1) : slow);
        }
    }

    /// What of a row is not kept as it is.
    record Privacy(@Nullable Path keyFile, List<PrivacyRules.Rule> rules) {

        PrivacyRules made() throws IOException {
            return PrivacyRules.of(rules, keyFile == null ? "" : key(keyFile));
        }

        private static String key(Path file) throws IOException {
            try {
                return Files.readString(file).strip();
            } catch (NoSuchFileException e) {
                throw new IOException(
                        "privacy.keyFile: " + file.toAbsolutePath() + ": no such file (expected: the key of HASH)", e);
            }
        }
    }

    /// Where Kafka is. `passwordFile` stands for `client.password`, which then is in no settings file.
    record Kafka(
            String bootstrapServers,
            @Nullable String topic,
            @Nullable Integer partitions,
            @Nullable Short replicas,
            @Nullable String instance,
            @Nullable Map<String, String> client,
            @Nullable Path passwordFile) {

        KafkaSettings settings() throws IOException {
            requireText("kafka.bootstrapServers", bootstrapServers);
            var properties = new TreeMap<>(client == null ? Map.of() : client);
            if (passwordFile != null) {
                properties.put("password", Files.readString(passwordFile).strip());
            }
            return new KafkaSettings(
                    bootstrapServers,
                    topic == null ? "sallyport.accesslog" : topic,
                    partitions == null ? 8 : partitions,
                    replicas == null ? (short) 1 : replicas,
                    Optional.ofNullable(instance),
                    properties);
        }
    }

    /// Where rows are kept when one machine is outgrown. `certificate` is a file with the authority of its
    /// server, `retention` how long rows are kept (default: 7 days), `memoryMegabytes` what one question may
    /// use there.
    record ClickHouse(
            String url,
            @Nullable String user,
            @Nullable Path passwordFile,
            @Nullable String database,
            @Nullable Path certificate,
            @Nullable Duration retention,
            @Nullable Integer memoryMegabytes) {

        ClickHouse {
            if (url == null || url.isBlank()) {
                throw new IllegalArgumentException("clickhouse.url is missing (expected: https://host:port)");
            }
        }

        ClickHouseSettings settings() throws IOException {
            return new ClickHouseSettings(
                    URI.create(url),
                    user == null ? "default" : user,
                    passwordFile == null ? "" : Files.readString(passwordFile).strip(),
                    database == null ? "sallyport" : database,
                    Optional.ofNullable(certificate),
                    retention == null ? Duration.ofDays(7) : retention,
                    memoryMegabytes == null ? 2_048 : memoryMegabytes);
        }
    }

    /// Who may see the rows of some namespaces.
    record LogCaller(Path tokenFile, List<String> namespaces) {

        LogCaller {
            requirePath("callers.tokenFile", tokenFile);
        }
    }

    /// Reads `host:port` where plain text is spoken, so only loopback is taken.
    static InetSocketAddress loopback(String address) {
        var any = any(address);
        if (!any.getAddress().isLoopbackAddress()) {
            throw new IllegalArgumentException("\"" + address
                    + "\" (expected: an address of loopback, since this port is plain text without tls)");
        }
        return any;
    }

    /// Reads `host:port`.
    static InetSocketAddress any(String address) {
        var parts = HostAndPort.fromString(address);
        if (!parts.hasPort()) {
            throw new IllegalArgumentException("\"" + address + "\" (expected: host:port)");
        }
        try {
            return new InetSocketAddress(InetAddress.getAllByName(parts.getHost())[0], parts.getPort());
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("\"" + address + "\" (expected: host:port)", e);
        }
    }

    private static void requireText(String name, @Nullable String value) {
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException(name + " is missing (expected: host:port)");
        }
    }

    private static void requirePath(String name, @Nullable Path value) {
        if (value == null) {
            throw new IllegalArgumentException(name + " is missing (expected: a path)");
        }
    }
}
