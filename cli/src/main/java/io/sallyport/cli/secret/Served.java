package io.sallyport.cli.secret;

import io.sallyport.proto.secret.v1.ListSecretsResponse;
import io.sallyport.proto.secret.v1.SecretName;
import io.sallyport.proto.secret.v1.SecretStatus;
import io.sallyport.proto.secret.v1.ServedName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Brings together what secret-service has and what gateways show.
final class Served {

    private static final String AUTHORITY = "-cacert";

    private final Map<String, SecretStatus> statuses = new HashMap<>();

    Served(ListSecretsResponse secrets) {
        secrets.getSecretsList().forEach(status -> statuses.put(written(status.getName()), status));
    }

    /// `istio-system/shop`; what comes from files is called by its files.
    static String written(SecretName name) {
        return name.getNamespace().isEmpty() ? name.getName() : name.getNamespace() + "/" + name.getName();
    }

    Optional<SecretStatus> status(String secret) {
        return Optional.ofNullable(statuses.get(secret));
    }

    /// One row for each secret of a door.
    List<ServedName> at(Door door, Handshake.Shown shown) {
        return door.secrets().stream().map(secret -> at(door, secret, shown)).toList();
    }

    private ServedName at(Door door, String secret, Handshake.Shown shown) {
        var stored = status(secret)
                .map(status -> status.getCertificate().getSerial())
                .orElse("");
        var measured = shown.serials().contains(stored)
                ? stored
                : shown.serials().stream().findFirst().orElse("");
        var row = ServedName.newBuilder()
                .setSni(door.sni())
                .setGateway(door.gateway())
                .setAddress(door.address())
                .setSecret(name(secret))
                .setStoredSerial(stored)
                .setMeasuredSerial(measured)
                .setFailure(shown.failure());
        if (!door.authority().isEmpty()) {
            authority(door.authority(), row);
        }
        return row.build();
    }

    // A secret of its own comes before the one beside the key.
    private void authority(String wanted, ServedName.Builder row) {
        var plain = wanted.endsWith(AUTHORITY) ? wanted.substring(0, wanted.length() - AUTHORITY.length()) : wanted;
        var name = status(wanted).filter(SecretStatus::hasTrust).isPresent() ? wanted : plain;
        row.setAuthority(name(name));
        status(name)
                .filter(SecretStatus::hasTrust)
                .ifPresent(status -> row.setAuthorityEntry(status.getTrust().getEntry())
                        .addAllAuthoritySubjects(status.getTrust().getSubjectsList()));
    }

    private static SecretName name(String text) {
        int slash = text.indexOf('/');
        return text.startsWith("file-") || slash < 0
                ? SecretName.newBuilder().setName(text).build()
                : SecretName.newBuilder()
                        .setNamespace(text.substring(0, slash))
                        .setName(text.substring(slash + 1))
                        .build();
    }
}
