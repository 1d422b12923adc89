package io.sallyport.accesslog.config;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.sallyport.accesslog.config.ConfigurationSource.Certificate;
import io.sallyport.accesslog.receive.ConfigurationStamp;
import io.sallyport.accesslog.receive.Proxy;
import io.sallyport.model.Gateway;
import io.sallyport.model.Spec;
import io.sallyport.model.VirtualService;
import io.sallyport.model.read.YamlReader;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.config.v1.Resource;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Gives each row its revision, its gateway and its certificate.
///
/// Nothing is guessed: the proxy wrote object and digest into the row from its own configuration, so the revision that
/// brought this text is known exactly, whatever clocks say. Within the life of that text the revision is the newest one
/// that the proxy had acknowledged when the request began. A row that no rule decided has the latter alone, and one of
/// a connection names its object without the text: that is the one of this revision ([ConnectionRules]).
///
/// The certificate is the one that the secret of the server had when the request began; a connection that is older than
/// its rotation is told apart only where the subjects differ.
public final class RunningConfiguration implements ConfigurationStamp {

    private static final int MAX_VERSIONS = 20_000;
    private static final int MAX_PROXIES = 20_000;
    private static final int MAX_HISTORY = 200;
    // How many changes back the text of a late row is looked for.
    private static final int MAX_STEPS = 5;
    private static final Duration LOOK_EVERY = Duration.ofMillis(250);
    private static final Duration CERTIFICATES_EVERY = Duration.ofSeconds(1);
    private static final Duration UNKNOWN_LIFE = Duration.ofSeconds(5);

    private record ProxyName(String namespace, String name) {}

    private record VersionName(String object, String digest) {}

    /// One text of one object.
    private record Version(long since, @Nullable Spec spec, String namespace) {}

    private final ConfigurationSource source;
    private final InstantSource clock;
    private final YamlReader reader = new YamlReader();

    private final Cache<VersionName, Version> versions =
            CacheBuilder.newBuilder().maximumSize(MAX_VERSIONS).build();

    private final Cache<VersionName, Boolean> unknown = CacheBuilder.newBuilder()
            .maximumSize(MAX_VERSIONS)
            .expireAfterWrite(UNKNOWN_LIFE)
            .build();

    /// The gateways as they are, looked at again after a while.
    private final Cache<String, Optional<Gateway>> gateways = CacheBuilder.newBuilder()
            .maximumSize(MAX_VERSIONS)
            .expireAfterWrite(CERTIFICATES_EVERY)
            .build();

    @GuardedBy("this") private final Map<ProxyName, TreeMap<Instant, Long>> ran = new HashMap<>();

    @GuardedBy("this") private final Map<String, TreeMap<Instant, Certificate>> served = new HashMap<>();

    @GuardedBy("this") private final Map<String, Instant> certificatesLooked = new HashMap<>();

    @GuardedBy("this") private Instant looked = Instant.MIN;

    public RunningConfiguration(ConfigurationSource source, InstantSource clock) {
        this.source = source;
        this.clock = clock;
    }

    @Override
    public void stamp(Proxy proxy, List<AccessLogEntry.Builder> rows) {
        if (source == ConfigurationSource.NONE) {
            return;
        }
        look(rows);
        for (var row : rows) {
            stamp(proxy, row);
        }
    }

    // Rows are younger than what is known: who runs what now is asked before they are judged by it.
    private synchronized void look(List<AccessLogEntry.Builder> rows) {
        var now = clock.instant();
        var newest = rows.stream()
                .mapToLong(row -> row.getStartTime().getSeconds())
                .max()
                .orElse(0);
        if (newest < looked.getEpochSecond() || now.isBefore(looked.plus(LOOK_EVERY))) {
            return;
        }
        looked = now;
        for (var running : source.running()) {
            if (ran.size() >= MAX_PROXIES) {
                ran.clear();
            }
            var history = ran.computeIfAbsent(new ProxyName(running.namespace(), running.name()), _ -> new TreeMap<>());
            if (running.revision() > 0
                    && (history.isEmpty() || history.lastEntry().getValue() != running.revision())) {
                var before = history.isEmpty() ? Instant.MIN : history.lastKey();
                history.put(running.since().isAfter(before) ? running.since() : now, running.revision());
                if (history.size() > MAX_HISTORY) {
                    history.pollFirstEntry();
                }
            }
        }
    }

    private void stamp(Proxy proxy, AccessLogEntry.Builder row) {
        var began = row.getStartTime();
        var time = Instant.ofEpochSecond(began.getSeconds(), began.getNanos());
        var acknowledged = acknowledged(proxy, time);
        if (row.getRouteObject().isEmpty()) {
            row.setRevision(acknowledged);
            return;
        }
        var version = row.getObjectDigest().isEmpty()
                ? acknowledgedVersion(row.getRouteObject(), acknowledged)
                : version(row.getRouteObject(), row.getObjectDigest(), acknowledged);
        row.setRevision(version.map(one -> Math.max(one.since(), acknowledged)).orElse(acknowledged));
        version.ifPresent(one -> gateway(proxy, row, one, time));
        if (row.getRule().isEmpty() && version.map(Version::spec).orElse(null) instanceof VirtualService routes) {
            ConnectionRules.rule(routes, row).ifPresent(row::setRule);
        }
    }

    private synchronized long acknowledged(Proxy proxy, Instant time) {
        var history = ran.get(new ProxyName(proxy.namespace(), proxy.name()));
        if (history == null || history.isEmpty()) {
            return 0;
        }
        var entry = history.floorEntry(time);
        return (entry == null ? history.firstEntry() : entry).getValue();
    }

    private Optional<Version> version(String object, String digest, long acknowledged) {
        var name = new VersionName(object, digest);
        var known = versions.getIfPresent(name);
        if (known != null || digest.isEmpty() || unknown.getIfPresent(name) != null) {
            return Optional.ofNullable(known);
        }
        var space = object.indexOf(' ');
        var slash = object.indexOf('/', space + 1);
        if (space < 0 || slash < 0) {
            return Optional.empty();
        }
        var kind = object.substring(0, space);
        var namespace = object.substring(space + 1, slash);
        var found = source.object(kind, namespace, object.substring(slash + 1), OptionalLong.empty());
        if (found.isEmpty() && acknowledged > 0) {
            // It may be deleted by now.
            found = source.object(kind, namespace, object.substring(slash + 1), OptionalLong.of(acknowledged));
        }
        for (var step = 0; step < MAX_STEPS && !found.isEmpty(); step++) {
            var resource = found.getFirst();
            var version = new Version(resource.getRevision(), read(resource), namespace);
            versions.put(new VersionName(object, resource.getDigest()), version);
            if (resource.getDigest().equals(digest)) {
                return Optional.of(version);
            }
            found = resource.getRevision() <= 1
                    ? List.of()
                    : source.object(
                            kind, namespace, object.substring(slash + 1), OptionalLong.of(resource.getRevision() - 1));
        }
        unknown.put(name, true);
        return Optional.empty();
    }

    // Connections name the object that leads them, not its text: it is the one that the proxy had acknowledged.
    private Optional<Version> acknowledgedVersion(String object, long acknowledged) {
        var name = new VersionName(object, "r" + acknowledged);
        var known = versions.getIfPresent(name);
        var space = object.indexOf(' ');
        var slash = object.indexOf('/', space + 1);
        if (known != null || acknowledged <= 0 || space < 0 || slash < 0 || unknown.getIfPresent(name) != null) {
            return Optional.ofNullable(known);
        }
        var namespace = object.substring(space + 1, slash);
        var found = source.object(
                object.substring(0, space), namespace, object.substring(slash + 1), OptionalLong.of(acknowledged));
        if (found.isEmpty()) {
            unknown.put(name, true);
            return Optional.empty();
        }
        var resource = found.getFirst();
        var version = new Version(resource.getRevision(), read(resource), namespace);
        versions.put(name, version);
        return Optional.of(version);
    }

    private @Nullable Spec read(Resource resource) {
        var text = YamlReader.source(resource.getSourceName(), 1, 0, resource.getSourceText());
        var object = reader.readDocument(text).object();
        return object == null ? null : object.spec();
    }

    private void gateway(Proxy proxy, AccessLogEntry.Builder row, Version version, Instant time) {
        if (!(version.spec() instanceof VirtualService routes)) {
            return;
        }
        for (var name : GatewayServers.named(routes, version.namespace())) {
            var server = gateway(name).flatMap(gateway -> GatewayServers.server(gateway, row));
            if (server.isPresent()) {
                row.setGateway(name);
                if (!row.getTlsVersion().isEmpty()) {
                    certificate(proxy, row, server.get(), time).ifPresent(row::setCertificateSerial);
                }
                return;
            }
        }
    }

    private Optional<Gateway> gateway(String name) {
        var known = gateways.getIfPresent(name);
        if (known != null) {
            return known;
        }
        var slash = name.indexOf('/');
        var found =
                source
                        .object("Gateway", name.substring(0, slash), name.substring(slash + 1), OptionalLong.empty())
                        .stream()
                        .map(this::read)
                        .filter(Gateway.class::isInstance)
                        .map(Gateway.class::cast)
                        .findFirst();
        gateways.put(name, found);
        return found;
    }

    private synchronized Optional<String> certificate(
            Proxy proxy, AccessLogEntry.Builder row, Gateway.Server server, Instant time) {
        for (var secret : GatewayServers.secrets(server, proxy.namespace())) {
            lookAtCertificates(secret.substring(0, secret.indexOf('/')));
            var history = served.getOrDefault(secret, new TreeMap<>());
            var subject = row.getLocalSubject();
            var fitting = history.headMap(time, true).descendingMap().values().stream()
                    .filter(one -> isOf(one, subject))
                    .findFirst()
                    .or(() -> history.values().stream()
                            .filter(one -> isOf(one, subject))
                            .findFirst());
            if (fitting.isPresent()) {
                return fitting.map(Certificate::serial);
            }
        }
        return Optional.empty();
    }

    // Both spell a subject by RFC 2253, but for spaces behind commas.
    private static boolean isOf(Certificate certificate, String subject) {
        return subject.isEmpty()
                || certificate.subject().isEmpty()
                || certificate.subject().replace(" ", "").equals(subject.replace(" ", ""));
    }

    @GuardedBy("this") private void lookAtCertificates(String namespace) {
        var now = clock.instant();
        var before = certificatesLooked.get(namespace);
        if (before != null && now.isBefore(before.plus(CERTIFICATES_EVERY))) {
            return;
        }
        certificatesLooked.put(namespace, now);
        for (var certificate : source.certificates(namespace)) {
            var history =
                    served.computeIfAbsent(certificate.namespace() + "/" + certificate.secret(), _ -> new TreeMap<>());
            if (history.isEmpty() || !history.lastEntry().getValue().serial().equals(certificate.serial())) {
                history.put(certificate.since(), certificate);
                if (history.size() > MAX_HISTORY) {
                    history.pollFirstEntry();
                }
            }
        }
    }
}
