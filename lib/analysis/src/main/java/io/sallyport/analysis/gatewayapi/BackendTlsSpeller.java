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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Spells what all BackendTLSPolicies say of one Service as one DestinationRule: encryption, the name in the hello and
/// whose certificates are believed, for the whole Service and for single ports, where a policy names one. An authority
/// that is not there closes the way: nothing is sent in plain text instead.
final class BackendTlsSpeller {

    /// How a DestinationRule names ConfigMaps with authorities, as with Istio: `configmap://shop/root`, or
    /// several of one namespace, `configmap://shop/root,next`.
    static final String CONFIG_MAP = "configmap://";

    private static final String KEY = "ca.crt";
    // No ConfigMap is called so.
    private static final String NOBODY = "-";
    private static final String SYSTEM = "system";

    private final ConfigImage image;
    private final Backends backends;
    private final Set<String> taken = new HashSet<>();
    private final Map<String, List<Part>> parts = new LinkedHashMap<>();

    /// What one target of a policy asks of its Service; of one port of it, unless `port` is null.
    private record Part(
            ConfigObject<BackendTlsPolicy> policy,
            int position,
            @Nullable Integer port,
            ClientTlsSettings tls,
            Authority authority) {

        Spelled.Place place() {
            return new Spelled.Place(policy, Path.of("spec", "targetRefs").index(position));
        }
    }

    BackendTlsSpeller(ConfigImage image, Backends backends) {
        this.image = image;
        this.backends = backends;
    }

    /// Takes a policy, the older ones first, and says what its status is to say.
    List<Condition> add(ConfigObject<BackendTlsPolicy> policy) {
        var validation = policy.spec().validation();
        if (validation == null) {
            return List.of();
        }
        var conditions = new ArrayList<Condition>();
        var authority = authority(policy, validation, conditions);
        var problems = new ArrayList<Condition>();
        for (int i = 0; i < policy.spec().targetRefs().size(); i++) {
            var target = policy.spec().targetRefs().get(i);
            var place = Path.of("spec", "targetRefs").index(i);
            var problem = problem(policy, target, place);
            if (problem.isPresent()) {
                problems.add(problem.get());
            } else {
                parts.computeIfAbsent(HostNames.service(target.name(), policy.namespace()), _ -> new ArrayList<>())
                        .add(new Part(
                                policy,
                                i,
                                target.sectionName().isEmpty() ? null : port(policy, target),
                                settings(validation, authority),
                                authority));
            }
        }
        boolean isPartly = problems.size() < policy.spec().targetRefs().size();
        problems.forEach(problem -> conditions.add(isPartly ? partly(problem) : problem));
        if (conditions.stream().noneMatch(condition -> condition.type() == ACCEPTED)) {
            conditions.addFirst(Condition.yes(ACCEPTED, ObjectStatus.SPEC));
        }
        if (conditions.stream().noneMatch(condition -> condition.type() == RESOLVED_REFS)) {
            conditions.add(Condition.yes(RESOLVED_REFS, ObjectStatus.SPEC));
        }
        conditions.sort(Comparator.comparing(Condition::type));
        return conditions;
    }

    // The standard has no condition for a policy that holds for some of its targets, and wants this one to be false.
    private static Condition partly(Condition problem) {
        return Condition.no(
                problem.type(), problem.reason(), problem.message() + "; its other targets follow it", problem.place());
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
        if (!backends.isDeclared(policy.namespace(), target.name())) {
            return Optional.of(Condition.no(
                    ACCEPTED,
                    "TargetNotFound",
                    "Service \"%s/%s\" does not exist (expected: one of the policy's namespace)"
                            .formatted(policy.namespace(), target.name()),
                    place.field("name")));
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
                        "an older policy is for Service \"%s\"%s (expected: one policy)"
                                .formatted(
                                        target.name(),
                                        target.sectionName().isEmpty() ? "" : ", port \"" + target.sectionName() + '"'),
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

    /// The rules of all policies that were added. Of several for one host only the oldest would count.
    void spell(Consumer<Spelled> made) {
        parts.forEach((host, wanted) -> made.accept(spell(host, wanted)));
    }

    private static Spelled spell(String host, List<Part> wanted) {
        var first = wanted.getFirst();
        var levels = ImmutableList.<PortTrafficPolicy>builder();
        var places = new LinkedHashMap<Path, Spelled.Place>();
        places.put(Path.of("spec"), first.place());
        var policy = Path.of("spec", "trafficPolicy");
        ClientTlsSettings whole = null;
        int count = 0;
        for (var part : wanted) {
            var port = part.port();
            if (port == null) {
                whole = part.tls();
                places.put(policy.field("tls"), part.place());
            } else {
                levels.add(new PortTrafficPolicy(new PortSelector(port), null, null, null, part.tls(), null));
                places.put(policy.field("portLevelSettings").index(count++), part.place());
            }
        }
        var annotations = new TreeMap<String, String>();
        annotations.put(Spelled.SEMANTICS, Spelled.GATEWAY);
        var digests = wanted.stream()
                .map(part -> part.authority().digest())
                .filter(digest -> !digest.isEmpty())
                .collect(Collectors.joining(","));
        if (!digests.isEmpty()) {
            annotations.put("internal.sallyport.io/authorities", digests);
        }
        return Spelled.of(
                new ObjectRef(
                        Kind.DESTINATION_RULE,
                        first.policy().namespace(),
                        first.policy().name() + "~" + first.position()),
                annotations,
                new DestinationRule(
                        host,
                        new TrafficPolicy(null, null, null, whole, levels.build(), null, null, null, null),
                        ImmutableList.of(),
                        ImmutableList.of("*"),
                        null),
                first.policy(),
                first.policy(),
                places);
    }
}
