package io.sallyport.secret.api;

import com.google.protobuf.Timestamp;
import io.sallyport.proto.secret.v1.CertificateStatus;
import io.sallyport.proto.secret.v1.SecretStatus;
import io.sallyport.proto.secret.v1.SecretStatus.State;
import io.sallyport.proto.secret.v1.TrustStatus;
import io.sallyport.secret.material.ServerCertificate;
import io.sallyport.secret.material.TrustBundle;
import io.sallyport.secret.sds.Audience;
import io.sallyport.secret.sds.Lendings;
import io.sallyport.secret.store.FilePlace;
import io.sallyport.secret.store.SecretName;
import io.sallyport.secret.store.SecretState;
import io.sallyport.secret.store.SecretState.Half;
import io.sallyport.translation.LentSecret;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Says what became of each secret that a source offers or a proxy asks for.
final class SecretStatuses {

    private static final String AUTHORITY = "-cacert";
    private static final Duration SOON = Duration.ofDays(15);
    private static final int NAMED = 3;

    private final Map<SecretName, SecretState> secrets;
    private final Map<SecretName, FilePlace> files;
    private final Lendings lendings;
    private final Audience audience;
    private final List<String> read;
    private final Instant now;

    SecretStatuses(
            Map<SecretName, SecretState> secrets,
            Map<SecretName, FilePlace> files,
            Lendings lendings,
            Audience audience,
            List<String> read,
            Instant now) {
        this.secrets = secrets;
        this.files = files;
        this.lendings = lendings;
        this.audience = audience;
        this.read = read;
        this.now = now;
    }

    /// In the order of their names. A secret without key pair and authorities is left out unless a proxy wants it.
    List<SecretStatus> all() {
        var rows = new TreeMap<SecretName, SecretStatus>();
        var questions = audience.questions();
        secrets.forEach((name, state) -> {
            if (!isEmpty(state)) {
                rows.put(name, status(state));
            }
        });
        for (var question : questions.keySet()) {
            complaint(question).ifPresent(row -> rows.put(question.name(), row));
        }
        for (var question : questions.keySet()) {
            question.claim()
                    .filter(claim -> !lendings.isGranted(claim))
                    .ifPresent(claim -> rows.computeIfPresent(question.name(), (_, row) -> notLent(row, claim)));
        }
        return List.copyOf(rows.values());
    }

    SecretStatus status(SecretState state) {
        var status = SecretStatus.newBuilder()
                .setName(wire(state.name()))
                .setSince(wire(state.since()))
                .setSource(state.source())
                .setState(State.OK);
        var reasons = new ArrayList<String>();
        status.setState(worse(judge(state.certificate(), reasons), judge(state.trust(), reasons)));
        if (isEmpty(state)) {
            status.setState(State.UNUSABLE);
            reasons.add(
                    "has neither a key pair nor authorities (expected: tls.crt and tls.key, cert and key, or ca.crt)");
        }
        status.setReason(String.join("; ", reasons));
        value(state.certificate()).ifPresent(certificate -> {
            status.setCertificate(wire(certificate));
            warn(certificate).ifPresent(status::addWarnings);
        });
        value(state.trust()).ifPresent(trust -> status.setTrust(wire(trust)));
        warnings(state.certificate()).forEach(status::addWarnings);
        warnings(state.trust()).forEach(status::addWarnings);
        audience.refusal(state.name()).ifPresent(status::addWarnings);
        return status.build();
    }

    private static SecretStatus notLent(SecretStatus row, LentSecret claim) {
        return row.toBuilder()
                .addWarnings(
                        "not lent to Gateway \"%s\": no SecretGrant in namespace \"%s\" is for all hosts of its server"
                                .formatted(claim.gateway(), claim.lender()))
                .build();
    }

    // What a proxy asks for and does not get, unless the secret's own row says why already.
    private Optional<SecretStatus> complaint(Audience.Question question) {
        var name = question.name();
        var own = secrets.get(name);
        if (own != null) {
            var half = question.isAuthority() ? own.trust() : own.certificate();
            if (!(half instanceof Half.Absent<?>)) {
                return Optional.empty();
            }
            return Optional.of(status(own).toBuilder()
                    .setState(State.UNUSABLE)
                    .setReason(
                            question.isAuthority()
                                    ? "a proxy needs its authorities (expected: cacert or ca.crt)"
                                    : "a proxy needs its key pair (expected: tls.crt and tls.key, or cert and key)")
                    .build());
        }
        if (question.isAuthority() && plain(name).map(secrets::get).isPresent()) {
            var plain = plain(name).map(secrets::get).orElseThrow();
            return plain.trust() instanceof Half.Absent<?>
                    ? Optional.of(missing(
                            name,
                            "no authorities for clients: secret \"%s\" has no ca.crt, and there is no \"%s\""
                                    .formatted(plain.name(), name)))
                    : Optional.empty();
        }
        var file = files.get(name);
        return Optional.of(missing(name, file == null ? elsewhere(name) : unread(file)));
    }

    private SecretStatus missing(SecretName name, String reason) {
        return SecretStatus.newBuilder()
                .setName(wire(name))
                .setState(State.MISSING)
                .setReason(reason)
                .build();
    }

    private static Optional<SecretName> plain(SecretName authority) {
        var name = authority.name();
        var plain = name.endsWith(AUTHORITY) ? name.substring(0, name.length() - AUTHORITY.length()) : "";
        return SecretName.isName(plain) ? Optional.of(new SecretName(authority.namespace(), plain)) : Optional.empty();
    }

    private static String unread(FilePlace file) {
        return "no such file (expected: %s)"
                .formatted(file.second()
                        .map(key -> file.certificate() + " and " + key)
                        .orElse(file.certificate() + ""));
    }

    // Secrets are looked up in the namespace of the proxy, which surprises whoever put it beside the application. Where
    // only some namespaces of a cluster are read, nothing is known of the others, and whoever may look there has to.
    private String elsewhere(SecretName name) {
        var namespaces = new TreeSet<String>();
        for (var other : secrets.keySet()) {
            if (other.name().equals(name.name()) && !other.namespace().equals(name.namespace())) {
                namespaces.add(other.namespace());
            }
        }
        return namespaces.isEmpty()
                ? "a proxy asks for it, and no source has it" + unread(name)
                : "a secret of that name exists in namespace %s; it must be in \"%s\", or be granted"
                        .formatted(
                                namespaces.stream()
                                        .map(namespace -> '"' + namespace + '"')
                                        .collect(Collectors.joining(", ")),
                                name.namespace());
    }

    private String unread(SecretName name) {
        if (read.isEmpty()) {
            return "";
        }
        var namespaces = read.stream().limit(NAMED).collect(Collectors.joining("\", \"", "\"", "\""))
                + (read.size() > NAMED ? " and " + (read.size() - NAMED) + " more" : "");
        return read.contains(name.namespace())
                ? ": it must be in \"%s\", where its gateway runs; Secrets are read in %s alone (elsewhere? kubectl get secrets -A --field-selector metadata.name=%s)"
                        .formatted(name.namespace(), namespaces, name.name())
                : ": Secrets are read in %s, and not in \"%s\" (expected: that in secret-service's kubernetes.namespaces, the chart's platform.gatewayNamespaces)"
                        .formatted(namespaces, name.namespace());
    }

    private static boolean isEmpty(SecretState state) {
        return state.certificate() instanceof Half.Absent<?> && state.trust() instanceof Half.Absent<?>;
    }

    private static State judge(Half<?> half, List<String> reasons) {
        return switch (half) {
            case Half.Absent<?> _, Half.Served<?> _ -> State.OK;
            case Half.LastGood<?>(var _, var reason) -> {
                reasons.add(reason);
                yield State.LAST_GOOD_KEPT;
            }
            case Half.Closed<?>(var reason) -> {
                reasons.add(reason);
                yield State.UNUSABLE;
            }
        };
    }

    private static State worse(State one, State other) {
        return one.getNumber() >= other.getNumber() ? one : other;
    }

    private static <T> Optional<T> value(Half<T> half) {
        return switch (half) {
            case Half.Served<T>(T value, var _) -> Optional.of(value);
            case Half.LastGood<T>(T value, var _) -> Optional.of(value);
            case Half.Closed<T> _, Half.Absent<T> _ -> Optional.empty();
        };
    }

    // How long it lasts is said as of now, not as of the day when the secret came.
    private static Stream<String> warnings(Half<?> half) {
        return half instanceof Half.Served<?>(var _, var warnings)
                ? warnings.stream().filter(warning -> !warning.startsWith("expires in "))
                : Stream.empty();
    }

    private Optional<String> warn(ServerCertificate certificate) {
        var left = Duration.between(now, certificate.notAfter());
        if (left.isNegative()) {
            return Optional.of("expired on " + certificate.notAfter());
        }
        return left.compareTo(SOON) < 0 ? Optional.of("expires in " + left.toDays() + " days") : Optional.empty();
    }

    private static CertificateStatus wire(ServerCertificate certificate) {
        return CertificateStatus.newBuilder()
                .setSerial(certificate.serialText())
                .setSubject(certificate.subject())
                .setIssuer(certificate.issuer())
                .setNotBefore(wire(certificate.notBefore()))
                .setNotAfter(wire(certificate.notAfter()))
                .addAllNames(certificate.names())
                .build();
    }

    private static TrustStatus wire(TrustBundle trust) {
        return TrustStatus.newBuilder()
                .addAllSubjects(trust.subjects())
                .setEntry(trust.source())
                .setHasRevocationList(!trust.crlPem().isEmpty())
                .build();
    }

    // What comes from files is called by its files.
    private io.sallyport.proto.secret.v1.SecretName wire(SecretName name) {
        var file = files.get(name);
        if (file != null) {
            return io.sallyport.proto.secret.v1.SecretName.newBuilder()
                    .setName(file.toString())
                    .build();
        }
        return io.sallyport.proto.secret.v1.SecretName.newBuilder()
                .setNamespace(name.namespace())
                .setName(name.name())
                .build();
    }

    private static Timestamp wire(Instant moment) {
        return Timestamp.newBuilder()
                .setSeconds(moment.getEpochSecond())
                .setNanos(moment.getNano())
                .build();
    }
}
