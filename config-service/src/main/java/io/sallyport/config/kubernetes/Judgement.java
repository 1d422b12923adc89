package io.sallyport.config.kubernetes;

import com.google.common.collect.ImmutableListMultimap;
import io.sallyport.analysis.gatewayapi.ObjectStatus;
import io.sallyport.config.api.Refusals.Refusal;
import io.sallyport.config.store.RevisionLog.Published;
import io.sallyport.model.Finding;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.proto.config.v1.Location;
import io.sallyport.proto.xds.v1.ListProxiesResponse;
import io.sallyport.proto.xds.v1.Proxy;
import io.sallyport.proto.xds.v1.Withholding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// What is to be said about each object at one moment: whether it is accepted, whether part of it is withheld, and how
/// many proxies run it. Texts name the object's own revision, so that they stay when another object changes.
final class Judgement {

    private static final int NAMED = 3;

    private final Published published;
    private final ImmutableListMultimap<ObjectRef, Finding> findings;
    private final Map<ObjectRef, Refusal> refusals = new HashMap<>();
    private final Optional<ListProxiesResponse> proxies;
    private final CredentialNames credentials;
    private final KeyPairs.Known keyPairs;

    Judgement(Published published, List<Refusal> refusals, Optional<ListProxiesResponse> proxies, KeyPairs keyPairs) {
        this.published = published;
        this.proxies = proxies;
        this.credentials = new CredentialNames(published, proxies);
        this.keyPairs = keyPairs.look(credentials.all());
        var byObject = ImmutableListMultimap.<ObjectRef, Finding>builder();
        for (var finding : published.findings()) {
            var object = finding.location().object();
            if (object != null) {
                byObject.put(object, finding);
            }
        }
        this.findings = byObject.build();
        refusals.forEach(refusal -> refusal.ref().ifPresent(ref -> this.refusals.put(ref, refusal)));
    }

    /// The conditions of an object; empty if nothing is known of it.
    List<Condition> conditions(ObjectRef ref) {
        var stored = published.state().find(ref);
        var refusal = refusals.get(ref);
        if (stored.isEmpty() && refusal == null) {
            return List.of();
        }
        var conditions = new ArrayList<Condition>();
        conditions.add(refusal == null ? accepted(stored.orElseThrow().revision()) : refused(refusal));
        if (stored.isPresent()) {
            conditions.add(resolved(ref));
            proxies.ifPresent(all -> conditions.add(programmed(ref, stored.get().revision(), all)));
        }
        return conditions;
    }

    /// What the standard wants said of an object of the Gateway API or an Ingress.
    Optional<ObjectStatus> standard(ObjectRef ref) {
        return published.gatewayApi().status(ref);
    }

    /// What becomes of the key pairs that Gateways name.
    KeyPairs.Known keyPairs() {
        return keyPairs;
    }

    /// Whether nobody has said yet whether a Secret of this Gateway of Istio's is served.
    boolean lacksKeyPairs(ObjectRef gateway) {
        return keyPairs.isAsked()
                && gateway.kind() == Kind.GATEWAY
                && (proxies.isEmpty() || keyPairs.lacks(credentials.of(gateway)));
    }

    /// Whether the log has the object, in this or in an older version.
    boolean isStored(ObjectRef ref) {
        return published.state().find(ref).isPresent();
    }

    /// Why the object is not taken as it is.
    Optional<Condition> refused(ObjectRef ref) {
        return Optional.ofNullable(refusals.get(ref)).map(Judgement::refused);
    }

    /// How many proxies run the object; empty where nobody says.
    Optional<Condition> programmed(ObjectRef ref) {
        return proxies.flatMap(
                all -> published.state().find(ref).map(stored -> programmed(ref, stored.revision(), all)));
    }

    /// Everything that there is to say about an object, its refusal first.
    List<Finding> findings(ObjectRef ref) {
        var refusal = refusals.get(ref);
        return Stream.concat(refusal == null ? Stream.of() : refusal.findings().stream(), findings.get(ref).stream())
                .toList();
    }

    private static Condition accepted(long revision) {
        return new Condition("Accepted", true, "Accepted", "accepted as r" + revision);
    }

    private static Condition refused(Refusal refusal) {
        var kept = refusal.keptRevision() == 0
                ? "nothing of it is in force"
                : "the version of r" + refusal.keptRevision() + " stays in force";
        var errors = refusal.findings().stream().filter(Finding::isError).toList();
        return new Condition("Accepted", false, reason(errors), words(errors) + "; " + kept);
    }

    private Condition resolved(ObjectRef ref) {
        var errors = findings.get(ref).stream().filter(Finding::isError).toList();
        if (!errors.isEmpty()) {
            return new Condition("Resolved", false, reason(errors), "withheld: " + words(errors));
        }
        var faults = keyPairs.faults(credentials.of(ref));
        return faults.isEmpty()
                ? new Condition("Resolved", true, "Resolved", "nothing is withheld")
                : new Condition("Resolved", false, ListenerSecrets.INVALID, String.join("; ", faults));
    }

    private static String reason(List<Finding> errors) {
        return errors.isEmpty() ? "Refused" : errors.getFirst().code().id();
    }

    private static String words(List<Finding> errors) {
        var words = errors.stream()
                .limit(NAMED)
                .map(finding -> finding.code().id() + " " + finding.location().path() + ": " + finding.message())
                .toList();
        return String.join("; ", words) + (errors.size() > NAMED ? " and " + (errors.size() - NAMED) + " more" : "");
    }

    private static Condition programmed(ObjectRef ref, long revision, ListProxiesResponse all) {
        int running = 0;
        var against = new ArrayList<String>();
        for (var proxy : all.getProxiesList()) {
            var reason = against(ref, proxy);
            if (reason.isPresent()) {
                against.add(proxy.getName() + "." + proxy.getNamespace() + ": " + reason.get());
            } else if (proxy.getAcknowledgedRevision() >= revision) {
                running++;
            }
        }
        all.getWithheldList().stream()
                .filter(withheld -> isAbout(ref, withheld.getSourcesList()))
                .map(Withholding::getReason)
                .forEach(against::add);
        int total = all.getProxiesCount();
        var words =
                "on " + running + " of " + total + (total == 1 ? " proxy" : " proxies") + " at revision r" + revision;
        if (!against.isEmpty()) {
            return new Condition(
                    "Programmed",
                    false,
                    "Withheld",
                    words + "; " + String.join("; ", against.subList(0, Math.min(NAMED, against.size()))));
        }
        return running == total && total > 0
                ? new Condition("Programmed", true, "Programmed", words)
                : new Condition("Programmed", false, total == 0 ? "NoProxies" : "Pending", words);
    }

    private static Optional<String> against(ObjectRef ref, Proxy proxy) {
        return Stream.concat(
                        proxy.getRejectionsList().stream()
                                .filter(rejection -> isAbout(ref, rejection.getSourcesList()))
                                .map(rejection -> "refused: " + rejection.getReason()),
                        proxy.getWithheldList().stream()
                                .filter(withheld -> isAbout(ref, withheld.getSourcesList()))
                                .map(withheld -> withheld.getWhat() + ": " + withheld.getReason()))
                .findFirst();
    }

    private static boolean isAbout(ObjectRef ref, List<Location> sources) {
        return sources.stream()
                .map(Location::getRef)
                .anyMatch(source -> source.getKind().equals(ref.kind().text())
                        && source.getNamespace().equals(ref.namespace())
                        && source.getName().equals(ref.name()));
    }
}
