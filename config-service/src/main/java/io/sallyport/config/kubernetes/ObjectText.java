package io.sallyport.config.kubernetes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.util.StringQuotingChecker;
import com.google.common.base.CharMatcher;
import com.google.common.collect.ImmutableSet;
import com.google.common.hash.Hashing;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.sallyport.kubernetes.ServedKind;
import io.sallyport.model.SourceDocument;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// Spells an object as a document, always in the same bytes: keys in the order of the alphabet, as `kubectl
/// get -o yaml` prints them, without the status and without what the API server keeps for itself. A write
/// that changes nothing that anybody said is the same text.
final class ObjectText {

    private static final ImmutableSet<String> BOOKKEEPING = ImmutableSet.of(
            "kubectl.kubernetes.io/last-applied-configuration", "endpoints.kubernetes.io/last-change-trigger-time");
    private static final CharMatcher BARE = CharMatcher.inRange('a', 'z')
            .or(CharMatcher.inRange('A', 'Z'))
            .or(CharMatcher.inRange('0', '9'))
            .or(CharMatcher.anyOf("-._/"));
    private static final CharMatcher FIRST = CharMatcher.inRange('a', 'z').or(CharMatcher.inRange('A', 'Z'));
    private static final ImmutableSet<String> WORDS =
            ImmutableSet.of("true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf");

    private static final ObjectMapper mapper = YAMLMapper.builder(
                    YAMLFactory.builder().stringQuotingChecker(new Quoting()).build())
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(YAMLGenerator.Feature.LITERAL_BLOCK_STYLE)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .build();

    private ObjectText() {}

    /// The document, with `facts` among its annotations.
    static SourceDocument document(GenericKubernetesResource object, ServedKind served, Map<String, String> facts) {
        var fields = new TreeMap<String, Object>(object.getAdditionalProperties());
        fields.remove("status");
        fields.put("apiVersion", served.apiVersion());
        fields.put("kind", served.kind().kind());
        fields.put("metadata", metadata(object, facts));
        try {
            var text = mapper.writeValueAsString(fields);
            var digest =
                    Hashing.sha256().hashString(text, StandardCharsets.UTF_8).toString();
            return new SourceDocument(name(object, served), 1, 0, text, digest);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an object of the API server cannot be written as YAML", e);
        }
    }

    /// `kubernetes:networking.istio.io/v1/VirtualService/shop/cart`.
    static String name(GenericKubernetesResource object, ServedKind served) {
        var namespace = object.getMetadata().getNamespace();
        return "kubernetes:" + served.apiVersion() + "/" + served.kind().kind()
                + (namespace == null ? "" : "/" + namespace) + "/"
                + object.getMetadata().getName();
    }

    private static Map<String, Object> metadata(GenericKubernetesResource object, Map<String, String> facts) {
        var said = object.getMetadata();
        var metadata = new TreeMap<String, Object>();
        metadata.put("name", said.getName());
        if (said.getNamespace() != null) {
            metadata.put("namespace", said.getNamespace());
        }
        if (said.getCreationTimestamp() != null) {
            metadata.put("creationTimestamp", said.getCreationTimestamp());
        }
        if (said.getLabels() != null && !said.getLabels().isEmpty()) {
            metadata.put("labels", new TreeMap<>(said.getLabels()));
        }
        var annotations = new TreeMap<String, String>();
        if (said.getAnnotations() != null) {
            annotations.putAll(said.getAnnotations());
        }
        annotations.keySet().removeAll(BOOKKEEPING);
        annotations.putAll(facts);
        if (!annotations.isEmpty()) {
            metadata.put("annotations", annotations);
        }
        return metadata;
    }

    /// Bare words only where no reader of any version of YAML could take them for something else.
    private static final class Quoting extends StringQuotingChecker {

        private static final long serialVersionUID = 1L;

        @Override
        public boolean needToQuoteName(String name) {
            return !isBare(name);
        }

        @Override
        public boolean needToQuoteValue(String value) {
            return !isBare(value);
        }

        private static boolean isBare(String word) {
            return !word.isEmpty()
                    && FIRST.matches(word.charAt(0))
                    && BARE.matchesAllOf(word)
                    && !WORDS.contains(word.toLowerCase(Locale.ROOT));
        }
    }
}
