package io.sallyport.config.kubernetes;

import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.sallyport.proto.secret.v1.CheckSecretsRequest;
import io.sallyport.proto.secret.v1.CheckSecretsResponse;
import io.sallyport.proto.secret.v1.KeyPairStatus;
import io.sallyport.proto.secret.v1.SecretName;
import io.sallyport.proto.secret.v1.SecretServiceGrpc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Asks secret-service whether proxies get the key pairs that objects name, since nobody else reads
/// Secrets. While it does not answer, what it said last of a name counts. Of one thread.
final class KeyPairs {

    private static final Logger log = LoggerFactory.getLogger(KeyPairs.class);

    private static final int MOST_NAMES = 10_000;
    private static final int NAMES_A_CALL = 1_000;
    private static final int ANSWER_SECONDS = 2;

    private final Optional<Channel> secrets;
    private Map<String, Verdict> last = Map.of();
    private volatile boolean away;

    /// `secrets` leads to secret-service; without it nothing is known.
    KeyPairs(Optional<Channel> secrets) {
        this.secrets = secrets;
    }

    /// What is wrong with a key pair; an empty reason: nothing. `isServed` holds also for a last good
    /// version.
    record Verdict(boolean isServed, String reason) {

        boolean isGood() {
            return reason.isEmpty();
        }
    }

    /// What is known of the key pairs that were asked for, by `namespace/name`. `isAsked`: somebody could
    /// say more.
    record Known(boolean isAsked, Map<String, Verdict> verdicts) {

        /// Nobody knows of Secrets.
        static final Known NOTHING = new Known(false, Map.of());

        Known {
            verdicts = Map.copyOf(verdicts);
        }

        /// What is wrong with those of `names` that have something wrong, in words.
        List<String> faults(List<String> names) {
            var faults = new ArrayList<String>();
            for (var name : names) {
                var verdict = verdicts.get(name);
                if (verdict != null && !verdict.isGood()) {
                    faults.add("Secret \"%s\" %s".formatted(name, verdict.reason()));
                }
            }
            return faults;
        }

        /// Whether one of `names` is served, or may be.
        boolean isAnyServed(List<String> names) {
            for (var name : names) {
                var verdict = verdicts.get(name);
                if (verdict == null || verdict.isServed()) {
                    return true;
                }
            }
            return false;
        }

        /// Whether nobody has said yet what becomes of one of `names`.
        boolean lacks(List<String> names) {
            return isAsked && !verdicts.keySet().containsAll(names);
        }
    }

    /// Whether secret-service did not answer when it was asked last.
    boolean isAway() {
        return away;
    }

    /// Looks the names up, each a `namespace/name`. Those beyond 10,000 are not asked for.
    Known look(SortedSet<String> names) {
        if (secrets.isEmpty()) {
            return Known.NOTHING;
        }
        var wanted = names.stream().limit(MOST_NAMES).toList();
        var known = new HashMap<>(last);
        known.keySet().retainAll(wanted);
        try {
            for (int from = 0; from < wanted.size(); from += NAMES_A_CALL) {
                var part = wanted.subList(from, Math.min(wanted.size(), from + NAMES_A_CALL));
                ask(secrets.get(), part)
                        .getKeyPairsList()
                        .forEach(pair -> known.put(
                                pair.getName().getNamespace() + "/"
                                        + pair.getName().getName(),
                                verdict(pair)));
            }
            away(false, "");
        } catch (StatusRuntimeException e) {
            away(true, String.valueOf(e.getStatus()));
        }
        last = known;
        return new Known(true, known);
    }

    private static CheckSecretsResponse ask(Channel channel, List<String> names) {
        var request = CheckSecretsRequest.newBuilder();
        for (var name : names) {
            int slash = name.indexOf('/');
            request.addNames(SecretName.newBuilder()
                    .setNamespace(name.substring(0, slash))
                    .setName(name.substring(slash + 1)));
        }
        return SecretServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS)
                .checkSecrets(request.build());
    }

    private static Verdict verdict(KeyPairStatus pair) {
        return switch (pair.getState()) {
            case OK -> new Verdict(true, "");
            case LAST_GOOD_KEPT ->
                new Verdict(true, "cannot be served: " + pair.getReason() + "; its last good version stays");
            case MISSING -> new Verdict(false, pair.getReason());
            case UNUSABLE, STATE_UNSPECIFIED, UNRECOGNIZED ->
                new Verdict(false, "cannot be served: " + pair.getReason());
        };
    }

    private void away(boolean now, String reason) {
        if (now && !away) {
            log.atWarn()
                    .addKeyValue("status", reason)
                    .log("secret-service does not say what becomes of Secrets; their part of the status stays");
        } else if (!now && away) {
            log.atInfo().log("secret-service says what becomes of Secrets");
        }
        away = now;
    }
}
