package io.sallyport.config.kubernetes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sallyport.kubernetes.inject.InjectionSettings;
import io.sallyport.kubernetes.inject.Injector;
import io.sallyport.kubernetes.inject.Outcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers one `AdmissionReview` of a pod that is made, with a JSON Patch that adds its client proxy. What is not such
/// a pod passes as it is: updates, other kinds, sub-resources. It has no effect beyond its answer, so a dry run is no
/// different.
final class InjectionReview implements AdmissionAnswer {

    private static final Logger log = LoggerFactory.getLogger(InjectionReview.class);
    private static final ObjectMapper mapper = JsonMapper.builder(com.fasterxml.jackson.core.JsonFactory.builder()
                    .streamReadConstraints(
                            StreamReadConstraints.builder().maxNestingDepth(128).build())
                    .build())
            .build();
    // What the API server leaves of a warning.
    private static final int LONGEST_WARNING = 256;
    private static final int INVALID = 422;
    private static final int FAILED = 500;

    private final InjectionSettings settings;

    InjectionReview(InjectionSettings settings) {
        this.settings = settings;
    }

    @Override
    public String answer(byte[] body) throws MalformedException {
        try {
            var review = mapper.readTree(body);
            var request = review.path("request");
            var uid = request.path("uid").asText("");
            if (!"AdmissionReview".equals(review.path("kind").asText())
                    || !"admission.k8s.io/v1".equals(review.path("apiVersion").asText())
                    || uid.isEmpty()) {
                throw new MalformedException("no AdmissionReview (expected: admission.k8s.io/v1)");
            }
            var answer = mapper.createObjectNode()
                    .put("apiVersion", "admission.k8s.io/v1")
                    .put("kind", "AdmissionReview");
            var response = answer.putObject("response").put("uid", uid);
            respond(request, response);
            return mapper.writeValueAsString(answer);
        } catch (JsonProcessingException e) {
            throw new MalformedException("no JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new MalformedException("no JSON: " + e.getMessage());
        }
    }

    private void respond(JsonNode request, ObjectNode response) throws JsonProcessingException {
        var pod = request.path("object");
        if (!"CREATE".equals(request.path("operation").asText())
                || !"Pod".equals(request.at("/kind/kind").asText())
                || !request.path("subResource").asText("").isEmpty()
                || !pod.path("spec").isObject()) {
            response.put("allowed", true);
            return;
        }
        String authority;
        try {
            authority = authority();
        } catch (IOException e) {
            log.atError().addKeyValue("reason", e.getMessage()).log("No pod can be injected");
            refuse(response, FAILED, "Sallyport cannot read the platform's authority; see the log of config-service");
            return;
        }
        var namespace =
                request.path("namespace").asText(pod.at("/metadata/namespace").asText("default"));
        switch (new Injector(settings, authority).of(pod, namespace, Optional.empty())) {
            case Outcome.Injected(var additions, var remarks) -> {
                var patch = mapper.createArrayNode();
                additions.forEach(addition -> patch.add(addition.operation()));
                response.put("allowed", true)
                        .put("patchType", "JSONPatch")
                        .put("patch", Base64.getEncoder().encodeToString(mapper.writeValueAsBytes(patch)));
                warn(response, remarks);
            }
            case Outcome.Left(var reason) -> {
                response.put("allowed", true);
                warn(response, List.of("no client proxy is added: " + reason));
            }
            case Outcome.Refused(var reasons) ->
                refuse(response, INVALID, "no client proxy can be added: " + String.join("; ", reasons));
        }
    }

    // Read each time: it may be replaced, and pods are made seldom.
    private String authority() throws IOException {
        var said = settings.authority();
        if (said == null) {
            throw new IOException("authority is missing (expected: {file: …} or {pem: …})");
        }
        Path file = said.file();
        return file == null ? String.valueOf(said.pem()) : Files.readString(file, StandardCharsets.US_ASCII);
    }

    private static void refuse(ObjectNode response, int code, String message) {
        response.put("allowed", false)
                .putObject("status")
                .put("code", code)
                .put("reason", code == INVALID ? "Invalid" : "InternalError")
                .put("message", message);
    }

    private static void warn(ObjectNode response, List<String> remarks) {
        var warnings = new ArrayList<String>();
        for (var remark : remarks) {
            warnings.add(remark.length() > LONGEST_WARNING ? remark.substring(0, LONGEST_WARNING - 1) + "…" : remark);
        }
        if (!warnings.isEmpty()) {
            var list = response.putArray("warnings");
            warnings.forEach(list::add);
        }
    }
}
