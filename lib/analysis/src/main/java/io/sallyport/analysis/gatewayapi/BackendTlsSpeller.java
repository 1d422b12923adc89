package io.sallyport.analysis.gatewayapi;

import static io.sallyport.analysis.gatewayapi.Condition.Type.ACCEPTED;
import static io.sallyport.analysis.gatewayapi.Condition.Type.RESOLVED_REFS;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.model.ConfigMap;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.DestinationRule.ClientTlsSettings;
import io.sallyport.model.DestinationRule.PortTrafficPolicy;
import io.sallyport.model.DestinationRule.TlsMode;
import io.sallyport.model.DestinationRule.TrafficPolicy;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Path;
import io.sallyport.model.Service;
import io.sallyport.model.VirtualService.PortSelector;
import io.sallyport.model.gatewayapi.BackendTlsPolicy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Spells a BackendTLSPolicy as a DestinationRule for each Service: encryption, the name in the hello and whose
/// certificates are believed. An authority that is not there closes the way: nothing is sent in plain text instead.
final class BackendTlsSpeller {

    /// How a DestinationRule names ConfigMaps with authorities, as with Istio: `configmap://shop/root`, or several of
    /// one
    /// namespace, `configmap://shop/root,next`.
    static final String CONFIG_MAP = "configmap://";

    private static final String KEY = "ca.crt";
    // No ConfigMap is called so.
    private static final String NOBODY = "-";
    private static final String SYSTEM = "system";

    private final ConfigImage image;
    private final Set<String> taken = new HashSet<>();

    BackendTlsSpeller(ConfigImage image) {
        this.image = image;
    }

    List<Condition> spell(ConfigObject<BackendTlsPolicy> policy, Consumer<Spelled> made) {
        var validation = policy.spec().validation();
        if (validation == null) {
            return List.of();
        }
        var conditions = new ArrayList<Condition>();
        var authority = authority(policy, validation, conditions);
        for (int i = 0; i < policy.spec().targetRefs().size(); i++) {
            var target = policy.spec().targetRefs().get(i);
            var place = Path.of("spec", "targetRefs").index(i);
            var problem = problem(policy, target, place);
            if (problem.isPresent()) {
                conditions.add(problem.get());
            } else {
                made.accept(spell(policy, i, target, settings(validation, authority), authority));
            }
        }
        if (conditions.stream().noneMatch(condition -> condition.type() == ACCEPTED)) {
            conditions.addFirst(Condition.yes(ACCEPTED, ObjectStatus.SPEC));
        }
        if (conditions.stream().noneMatch(condition -> condition.type() == RESOLVED_REFS)) {
            conditions.add(Condition.yes(RESOLVED_REFS, ObjectStatus.SPEC));
        }
        conditions.sort(Comparator.comparing(Condition::type));
        return conditions;
    }

    private Optional<Condition> problem(
            ConfigObject<BackendTlsPolicy> policy, BackendTlsPolicy.Target target, Path place) {
        if (!target.kind().equals("Service") || !target.group().isEmpty()) {
            return Optional.of(Condition.no(
                    ACCEPTED,
                    "Invalid",
                    "target of kind \"%s\" (expected: a Service)".formatted(target.kind()),
                    place));
        }
        if (!target.sectionName().isEmpty() && port(policy, target) == null) {
            return Optional.of(Condition.no(
                    ACCEPTED,
                    "TargetNotFound",
                    "Service \"%s/%s\" has no port \"%s\" (expected: the name of one)"
                            .formatted(policy.namespace(), target.name(), target.sectionName()),
                    place.field("sectionName")));
        }
        return claimed(policy, target, place);
    }

    // The older policy has the target.
    private Optional<Condition> claimed(
            ConfigObject<BackendTlsPolicy> policy, BackendTlsPolicy.Target target, Path place) {
        return taken.add(policy.namespace() + "/" + target.name() + ":" + target.sectionName())
                ? Optional.empty()
                : Optional.of(Condition.no(
                        ACCEPTED,
                        "Conflicted",
                        "an older policy is for Service \"%s\" (expected: one policy)".formatted(target.name()),
                        place));
    }

    private @Nullable Integer port(ConfigObject<BackendTlsPolicy> policy, BackendTlsPolicy.Target target) {
        return image.find(new ObjectRef(Kind.SERVICE, policy.namespace(), target.name())).stream()
                .flatMap(object -> ConfigImage.cast(object, Service.class).spec().ports().stream())
                .filter(port -> port.name().equals(target.sectionName()))
                .map(Service.ServicePort::port)
                .findFirst()
                .orElse(null);
    }

    // The text of the ConfigMaps counts as part of the rule: when it changes, so does the rule.
    private record Authority(String credential, String file, String digest) {}

    private Authority authority(
            ConfigObject<BackendTlsPolicy> policy, BackendTlsPolicy.Validation validation, List<Condition> conditions) {
        var references = validation.caCertificateRefs();
        if (references.isEmpty()) {
            return new Authority("", SYSTEM, "");
        }
        var place = Path.of("spec", "validation", "caCertificateRefs");
        var names = new ArrayList<String>();
        var texts = new ArrayList<String>();
        for (int i = 0; i < references.size(); i++) {
            var reference = references.get(i);
            var text = text(policy.namespace(), reference);
            var problem = problem(policy.namespace(), reference, text, place.index(i));
            if (problem.isPresent()) {
                conditions.add(problem.get());
            } else {
                names.add(reference.name());
                texts.add(text.orElse(""));
            }
        }
        if (names.isEmpty()) {
            conditions.add(Condition.no(
                    ACCEPTED,
                    "NoValidCACertificate",
                    "none of caCertificateRefs can be used, so nothing is sent to the targets (expected: a ConfigMap with certificates under \"%s\")"
                            .formatted(KEY),
                    place));
            return new Authority(CONFIG_MAP + policy.namespace() + "/" + NOBODY, "", "");
        }
        return new Authority(
                CONFIG_MAP + policy.namespace() + "/" + String.join(",", names),
                "",
                Hashing.sha256()
                        .hashString(String.join("\n", texts), StandardCharsets.UTF_8)
                        .toString());
    }

    private Optional<String> text(String namespace, BackendTlsPolicy.Authority reference) {
        return image.find(new ObjectRef(Kind.CONFIG_MAP, namespace, reference.name()))
                .flatMap(object -> Optional.ofNullable(
                        ConfigImage.cast(object, ConfigMap.class).spec().data().get(KEY)));
    }

    private Optional<Condition> problem(
            String namespace, BackendTlsPolicy.Authority reference, Optional<String> text, Path place) {
        if (!reference.kind().equals("ConfigMap") || !reference.group().isEmpty()) {
            return Optional.of(Condition.no(
                    RESOLVED_REFS,
                    "InvalidKind",
                    "authority of kind \"%s\" (expected: a ConfigMap)".formatted(reference.kind()),
                    place));
        }
        var name = "ConfigMap \"" + namespace + "/" + reference.name() + "\"";
        return text.isEmpty()
                ? Optional.of(Condition.no(
                        RESOLVED_REFS,
                        "InvalidCACertificateRef",
                        "%s with \"%s\" does not exist (expected: one that config-service may read)"
                                .formatted(name, KEY),
                        place))
                : AuthorityText.problem(text.get())
                        .map(problem -> Condition.no(
                                RESOLVED_REFS,
                                "InvalidCACertificateRef",
                                "%s, \"%s\": %s".formatted(name, KEY, problem),
                                place));
    }

    private static ClientTlsSettings settings(BackendTlsPolicy.Validation validation, Authority authority) {
        var names = validation.subjectAltNames().stream()
                .map(name -> name.hostname().isEmpty() ? name.uri() : name.hostname())
                .filter(name -> !name.isEmpty())
                .collect(ImmutableList.toImmutableList());
        return new ClientTlsSettings(
                TlsMode.SIMPLE,
                "",
                "",
                authority.file(),
                "",
                authority.credential(),
                names.isEmpty() ? ImmutableList.of(validation.hostname()) : names,
                validation.hostname(),
                null,
                "");
    }

    private Spelled spell(
            ConfigObject<BackendTlsPolicy> policy,
            int position,
            BackendTlsPolicy.Target target,
            ClientTlsSettings tls,
            Authority authority) {
        var port = target.sectionName().isEmpty() ? null : port(policy, target);
        var levels = port == null
                ? ImmutableList.<PortTrafficPolicy>of()
                : ImmutableList.of(new PortTrafficPolicy(new PortSelector(port), null, null, null, tls, null));
        var annotations = new TreeMap<String, String>();
        annotations.put(Spelled.SEMANTICS, Spelled.GATEWAY);
        if (!authority.digest().isEmpty()) {
            annotations.put("internal.sallyport.io/authorities", authority.digest());
        }
        return Spelled.of(
                new ObjectRef(Kind.DESTINATION_RULE, policy.namespace(), policy.name() + "~" + position),
                annotations,
                new DestinationRule(
                        HostNames.service(target.name(), policy.namespace()),
                        new TrafficPolicy(null, null, null, port == null ? tls : null, levels, null, null, null, null),
                        ImmutableList.of(),
                        ImmutableList.of("*"),
                        null),
                policy,
                policy,
                Map.of(
                        Path.of("spec"),
                        new Spelled.Place(policy, Path.of("spec", "targetRefs").index(position))));
    }
}
