package io.sallyport.model.read;

import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Finds out which kind a document is. A misspelled kind of ours is an error; a kind of somebody else's has no
/// effect here, and is no fault: people keep Deployments beside their VirtualServices.
final class KindReader {

    private static final Path KIND = Path.of("kind");
    private static final Path API_VERSION = Path.of("apiVersion");
    private static final Set<String> OUR_GROUPS =
            Arrays.stream(Kind.values()).map(Kind::group).collect(Collectors.toUnmodifiableSet());
    private static final List<String> KIND_NAMES = Arrays.stream(Kind.values())
            .filter(kind -> kind != Kind.PLATFORM)
            .map(Kind::word)
            .distinct()
            .toList();
    // Kinds of our groups that Kubernetes and Istio have and Sallyport does not read; all are silently near
    // misses of nothing.
    private static final Set<String> KNOWN_OTHERS = Set.of(
            "BackendLBPolicy",
            "Binding",
            "ComponentStatus",
            "Endpoints",
            "Event",
            "IPAddress",
            "InboundTrafficPolicy",
            "LimitRange",
            "List",
            "ListenerSet",
            "NetworkPolicy",
            "Node",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "Pod",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
            "ServiceAccount",
            "ServiceCIDR",
            "TrafficExtension",
            "UDPRoute",
            "XBackendTrafficPolicy",
            "XListenerSet",
            "XMesh");

    private final Report report;

    KindReader(Report report) {
        this.report = report;
    }

    /// What a document says it is. `kind` is absent when it is not ours, or wrong: a finding says which.
    record Said(Optional<Kind> kind, String apiVersion) {}

    Said read(Node.Fields document) {
        var kindNode = document.get("kind");
        var versionNode = document.get("apiVersion");
        var kind = word(kindNode, KIND, ReadRule.MISSING_KIND, document);
        var apiVersion = word(versionNode, API_VERSION, ReadRule.MISSING_API_VERSION, document);
        if (kind.isEmpty() || apiVersion.isEmpty() || kindNode == null || versionNode == null) {
            return new Said(Optional.empty(), "");
        }
        return new Said(resolve(kind.get(), apiVersion.get(), kindNode, versionNode), apiVersion.get());
    }

    private Optional<String> word(@Nullable Node node, Path path, ReadRule missing, Node document) {
        if (node instanceof Node.Scalar scalar
                && Scalars.sort(scalar) == Scalars.Sort.STRING
                && !scalar.text().isBlank()) {
            return Optional.of(scalar.text());
        }
        if (node == null || Scalars.isNull(node)) {
            var example = path.equals(KIND) ? "a kind such as VirtualService" : "such as networking.istio.io/v1";
            report.add(missing, path, document, "no %s (expected: %s)".formatted(path, example));
        } else {
            report.add(missing, path, node, "%s is no string (expected: a string)".formatted(path));
        }
        return Optional.empty();
    }

    private Optional<Kind> resolve(String kind, String apiVersion, Node kindNode, Node versionNode) {
        var slash = apiVersion.indexOf('/');
        var group = slash < 0 ? "" : apiVersion.substring(0, slash);
        var version = apiVersion.substring(slash + 1);
        var exact = Kind.of(group, kind);
        if (exact.isPresent()) {
            return checkVersion(exact.get(), apiVersion, version, versionNode);
        }
        var ours = Kind.of(kind);
        if (ours.isPresent()) {
            return wrongGroup(ours.get(), apiVersion, group, kindNode, versionNode);
        }
        if (OUR_GROUPS.contains(group)) {
            return unknownKind(kind, group, kindNode);
        }
        noEffect(kind, apiVersion, kindNode);
        return Optional.empty();
    }

    private Optional<Kind> checkVersion(Kind kind, String apiVersion, String version, Node node) {
        if (kind.versions().contains(version)) {
            return Optional.of(kind);
        }
        report.add(
                ReadRule.UNKNOWN_VERSION,
                API_VERSION,
                node,
                "apiVersion %s of %s (expected: %s)".formatted(Words.quote(apiVersion), kind, versions(kind)));
        return Optional.empty();
    }

    private static String versions(Kind kind) {
        var prefix = kind.group().isEmpty() ? "" : kind.group() + "/";
        return kind.versions().stream().map(version -> prefix + version).collect(Collectors.joining(", "));
    }

    /// `Gateway` of a group that nobody knows is another kind; `VirtualService` of a group that is nearly
    /// Istio's is a slip.
    private Optional<Kind> wrongGroup(Kind kind, String apiVersion, String group, Node kindNode, Node versionNode) {
        var slip = OUR_GROUPS.contains(group)
                || group.endsWith("istio.io")
                || Words.nearest(group, OUR_GROUPS).isPresent();
        if (slip) {
            report.add(
                    ReadRule.UNKNOWN_VERSION,
                    API_VERSION,
                    versionNode,
                    "apiVersion %s has no kind %s (did you mean \"%s\"?)"
                            .formatted(Words.quote(apiVersion), kind, versions(kind)));
        } else {
            noEffect(kind.word(), apiVersion, kindNode);
        }
        return Optional.empty();
    }

    private Optional<Kind> unknownKind(String kind, String group, Node node) {
        var near = Words.nearest(kind, KIND_NAMES).filter(word -> !KNOWN_OTHERS.contains(kind));
        if (near.isPresent()) {
            report.add(
                    ReadRule.UNKNOWN_KIND,
                    KIND,
                    node,
                    "unknown kind %s (did you mean \"%s\"?)".formatted(Words.quote(kind), near.get()));
        } else if (KNOWN_OTHERS.contains(kind) || !group.endsWith("istio.io")) {
            noEffect(kind, group, node);
        } else {
            report.add(
                    ReadRule.UNKNOWN_KIND,
                    KIND,
                    node,
                    "unknown kind %s of group \"%s\"".formatted(Words.quote(kind), group));
        }
        return Optional.empty();
    }

    private void noEffect(String kind, String apiVersion, Node node) {
        var origin = apiVersion.isEmpty() ? "" : " (" + Words.quote(apiVersion) + ")";
        report.add(ReadRule.NO_EFFECT, KIND, node, "kind %s%s has no effect here".formatted(Words.quote(kind), origin));
    }
}
