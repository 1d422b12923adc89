package io.sallyport.secret.api;

import io.sallyport.proto.secret.v1.KeyPairStatus;
import io.sallyport.proto.secret.v1.SecretStatus.State;
import io.sallyport.secret.store.FilePlace;
import io.sallyport.secret.store.SecretName;
import io.sallyport.secret.store.SecretState;
import io.sallyport.secret.store.SecretState.Half;
import java.util.List;
import java.util.Map;

/// Says whether proxies get the key pairs that configuration names. Answers go into statuses that others
/// read than those who may see Secrets, so they say nothing of secrets that were not named: not even
/// where one of that name is.
final class KeyPairs {

    private final Map<SecretName, SecretState> secrets;
    private final List<String> read;

    /// `read` are the namespaces of a cluster whose Secrets are read; none where there is no cluster.
    KeyPairs(Map<SecretName, SecretState> secrets, List<String> read) {
        this.secrets = secrets;
        this.read = read;
    }

    /// What is no name of a secret is answered as one that nobody has.
    KeyPairStatus status(io.sallyport.proto.secret.v1.SecretName wire) {
        var status = KeyPairStatus.newBuilder().setName(wire);
        var isName = SecretName.isNamespace(wire.getNamespace())
                && SecretName.isName(wire.getName())
                && !wire.getNamespace().equals(FilePlace.NAMESPACE);
        if (!isName) {
            return status.setState(State.MISSING)
                    .setReason("is no name of a Secret")
                    .build();
        }
        var state = secrets.get(new SecretName(wire.getNamespace(), wire.getName()));
        if (state == null) {
            return status.setState(State.MISSING)
                    .setReason(missing(wire.getNamespace()))
                    .build();
        }
        switch (state.certificate()) {
            case Half.Served<?> _ -> status.setState(State.OK);
            case Half.LastGood<?>(var _, var reason) ->
                status.setState(State.LAST_GOOD_KEPT).setReason(reason);
            case Half.Closed<?>(var reason) -> status.setState(State.UNUSABLE).setReason(reason);
            case Half.Absent<?> _ ->
                status.setState(State.UNUSABLE)
                        .setReason("has no key pair (expected: tls.crt and tls.key, or cert and key)");
        }
        return status.build();
    }

    private String missing(String namespace) {
        return read.isEmpty() || read.contains(namespace)
                ? "does not exist, is of a type that holds no certificates, or is the platform's own"
                : "is not read: secret-service reads no Secrets in namespace \"%s\" (expected: the chart's platform.gatewayNamespaces to name it)"
                        .formatted(namespace);
    }
}
