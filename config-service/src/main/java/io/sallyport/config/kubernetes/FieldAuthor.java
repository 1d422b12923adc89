package io.sallyport.config.kubernetes;

import com.google.common.base.CharMatcher;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import java.util.Comparator;
import java.util.List;

/// Who wrote an object last, as far as `metadata.managedFields` says: `kubectl-client-side-apply`, `argocd`. Who only
/// wrote its status is nobody's author.
final class FieldAuthor {

    static final String UNKNOWN = "";
    private static final int LONGEST = 128;
    private static final CharMatcher PRINTABLE = CharMatcher.inRange(' ', '~');
    private static final String SPEC = "f:spec";

    private FieldAuthor() {}

    static String of(GenericKubernetesResource object) {
        var entries = object.getMetadata().getManagedFields();
        if (entries == null) {
            return UNKNOWN;
        }
        var writers = entries.stream()
                .filter(entry -> entry.getManager() != null && isEmpty(entry.getSubresource()))
                .toList();
        var ofSpec = writers.stream()
                .filter(entry -> entry.getFieldsV1() != null
                        && entry.getFieldsV1().getAdditionalProperties().containsKey(SPEC))
                .toList();
        return newest(ofSpec.isEmpty() ? writers : ofSpec);
    }

    private static String newest(List<ManagedFieldsEntry> entries) {
        return entries.stream()
                .max(Comparator.comparing(entry -> entry.getTime() == null ? "" : entry.getTime()))
                .map(entry -> PRINTABLE.retainFrom(entry.getManager()))
                .map(name -> name.substring(0, Math.min(LONGEST, name.length())))
                .orElse(UNKNOWN);
    }

    private static boolean isEmpty(@org.jspecify.annotations.Nullable String text) {
        return text == null || text.isEmpty();
    }
}
