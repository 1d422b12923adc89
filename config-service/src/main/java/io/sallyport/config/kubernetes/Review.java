package io.sallyport.config.kubernetes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.sallyport.analysis.Analyzer;
import io.sallyport.config.store.Document;
import io.sallyport.config.store.DocumentReader;
import io.sallyport.kubernetes.ServedKind;
import io.sallyport.kubernetes.WantedKind;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.Kind;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Answers one `AdmissionReview` (`admission.k8s.io/v1`) with the messages of `check`. What refuses an object at our
/// door refuses it here, unless the version that it replaces had the same fault: whoever repairs one thing need not
/// repair all. Everything else is a warning.
final class Review implements AdmissionAnswer {

    private static final ObjectMapper mapper = JsonMapper.builder().build();
    private static final int MOST_WARNINGS = 20;
    // The API server cuts longer ones.
    private static final int LONGEST_WARNING = 256;
    private static final int INVALID = 422;

    private final DocumentReader reader;
    private final World world;

    /// What an object would meet if it were let in.
    interface World {
        List<Finding> findings(ConfigObject<?> object);
    }

    Review(DocumentReader reader, World world) {
        this.reader = reader;
        this.world = world;
    }

    @Override
    public String answer(byte[] body) throws MalformedException {
        try {
            var review = mapper.readTree(body);
            var request = review.path("request");
            var uid = request.path("uid").asText("");
            if (!"AdmissionReview".equals(review.path("kind").asText()) || uid.isEmpty()) {
                throw new MalformedException("no AdmissionReview (expected: admission.k8s.io/v1)");
            }
            return mapper.writeValueAsString(Map.of(
                    "apiVersion",
                    "admission.k8s.io/v1",
                    "kind",
                    "AdmissionReview",
                    "response",
                    response(uid, request)));
        } catch (JsonProcessingException e) {
            throw new MalformedException("no JSON: " + e.getOriginalMessage());
        } catch (java.io.IOException e) {
            throw new MalformedException("no JSON: " + e.getMessage());
        }
    }

    private Map<String, Object> response(String uid, JsonNode request) throws JsonProcessingException {
        var document = document(request.path("object"));
        var now = document.map(this::findings).orElse(List.of());
        var before = new HashSet<String>();
        document(request.path("oldObject"))
                .map(this::findings)
                .ifPresent(findings -> findings.forEach(finding -> before.add(words(finding))));
        var refusals = now.stream()
                .filter(Finding::isRefusal)
                .map(Review::words)
                .filter(words -> !before.contains(words))
                .distinct()
                .toList();
        var met = refusals.isEmpty()
                ? document.flatMap(Document::object).map(world::findings).orElse(List.of())
                : List.<Finding>of();
        var warnings = Stream.concat(now.stream(), met.stream())
                .map(Review::words)
                .filter(words -> !refusals.contains(words))
                .distinct()
                .limit(MOST_WARNINGS)
                .map(words -> words.length() > LONGEST_WARNING ? words.substring(0, LONGEST_WARNING - 1) + "…" : words)
                .toList();
        return refusals.isEmpty()
                ? Map.of("uid", uid, "allowed", true, "warnings", warnings)
                : Map.of(
                        "uid",
                        uid,
                        "allowed",
                        false,
                        "warnings",
                        warnings,
                        "status",
                        Map.of("code", INVALID, "reason", "Invalid", "message", String.join("\n", refusals)));
    }

    private static String words(Finding finding) {
        return finding.code().id() + " " + finding.location().path() + ": " + finding.message();
    }

    private Optional<Document> document(JsonNode object) throws JsonProcessingException {
        if (!object.isObject()) {
            return Optional.empty();
        }
        var resource = mapper.treeToValue(object, GenericKubernetesResource.class);
        if (resource.getMetadata() == null || resource.getMetadata().getName() == null) {
            return Optional.empty();
        }
        return served(resource).map(served -> reader.read(ObjectText.document(resource, served, Map.of())));
    }

    private List<Finding> findings(Document document) {
        var findings = document.object().isPresent()
                ? document.with(new Analyzer(reader.inspections())
                                .inspect(document.object().get()))
                        .findings()
                : document.findings();
        Set<Finding> seen = new HashSet<>();
        return findings.stream().filter(seen::add).toList();
    }

    private static Optional<ServedKind> served(GenericKubernetesResource resource) {
        var apiVersion = String.valueOf(resource.getApiVersion());
        int slash = apiVersion.indexOf('/');
        var group = slash < 0 ? "" : apiVersion.substring(0, slash);
        return Kind.of(group, String.valueOf(resource.getKind()))
                .filter(kind -> kind != Kind.SECRET)
                .map(kind -> new ServedKind(
                        WantedKind.all(group, kind.word(), kind.versions()),
                        apiVersion.substring(slash + 1),
                        "",
                        true,
                        false));
    }
}
