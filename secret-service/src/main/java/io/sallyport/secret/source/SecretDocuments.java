package io.sallyport.secret.source;

import io.sallyport.secret.store.FilePlace;
import io.sallyport.secret.store.SecretName;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/// Finds the `v1` Secrets among the documents of a file. What is wrong with a document's form is the model reader's to
/// say (it never sees values); here a document that is no readable Secret is passed over.
public final class SecretDocuments {

    private static final int MAX_CHARACTERS = 64 * 1024 * 1024;

    private SecretDocuments() {}

    /// One secret as a document has it: plain bytes by entry, `stringData` over `data` as Kubernetes has it.
    public record Found(SecretName name, Map<String, byte[]> entries) {}

    /// The Secrets of one file, in order. Empty where the file cannot be parsed: whoever reads it keeps what it had.
    public static Optional<List<Found>> in(String text) {
        var found = new ArrayList<Found>();
        if (!text.contains("Secret")) {
            return Optional.of(found);
        }
        var settings = LoadSettings.builder()
                .setCodePointLimit(MAX_CHARACTERS)
                .setMaxAliasesForCollections(50)
                .setAllowRecursiveKeys(false)
                .build();
        try {
            for (var document : new Load(settings).loadAllFromString(text)) {
                collect(document, found);
            }
        } catch (YamlEngineException broken) {
            // The model's reader names the place.
            return Optional.empty();
        }
        return Optional.of(found);
    }

    private static void collect(@Nullable Object document, List<Found> found) {
        if (!(document instanceof Map<?, ?> object) || !"v1".equals(object.get("apiVersion"))) {
            return;
        }
        if ("List".equals(object.get("kind")) && object.get("items") instanceof List<?> items) {
            items.forEach(item -> collect(item, found));
        } else if ("Secret".equals(object.get("kind")) && object.get("metadata") instanceof Map<?, ?> metadata) {
            var namespace = text(metadata.get("namespace"), "default");
            var name = text(metadata.get("name"), "");
            if (SecretName.isNamespace(namespace)
                    && !namespace.equals(FilePlace.NAMESPACE)
                    && SecretName.isName(name)) {
                found.add(new Found(new SecretName(namespace, name), entries(object)));
            }
        }
    }

    private static Map<String, byte[]> entries(Map<?, ?> secret) {
        var entries = new TreeMap<String, byte[]>();
        if (secret.get("data") instanceof Map<?, ?> data) {
            data.forEach((key, value) -> entries.put(String.valueOf(key), decoded(text(value, ""))));
        }
        if (secret.get("stringData") instanceof Map<?, ?> data) {
            data.forEach((key, value) ->
                    entries.put(String.valueOf(key), text(value, "").getBytes(StandardCharsets.UTF_8)));
        }
        return entries;
    }

    // What is no base64 is handed on as it is: it is then refused as a certificate, which names the entry.
    private static byte[] decoded(String value) {
        try {
            return Base64.getMimeDecoder().decode(value);
        } catch (IllegalArgumentException notBase64) {
            return value.getBytes(StandardCharsets.UTF_8);
        }
    }

    private static String text(@Nullable Object value, String otherwise) {
        return value == null ? otherwise : value.toString();
    }
}
