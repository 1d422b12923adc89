package io.sallyport.config.api;

import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/// Where the next page of a list begins: after an object, in a list of a kind and namespace. A token of another list
/// is refused, so that a page never skips what the caller did not see.
record PageToken(String kind, String namespace, ObjectRef after) {

    private static final int MAX_CHARS = 2_048;

    String encode() {
        var text = String.join("\n", kind, namespace, after.kind().text(), after.namespace(), after.name());
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    static PageToken decode(String text, String kind, String namespace) throws RefusedException {
        var fields = fields(text);
        var afterKind = fields.length == 5 ? Kind.of(fields[2]) : java.util.Optional.<Kind>empty();
        if (afterKind.isEmpty() || !fields[0].equals(kind) || !fields[1].equals(namespace)) {
            throw new RefusedException("page_token \"" + shortened(text)
                    + "\" is not of this list (expected: next_page_token of the page before)");
        }
        return new PageToken(kind, namespace, new ObjectRef(afterKind.get(), fields[3], fields[4]));
    }

    private static String[] fields(String text) {
        if (text.length() > MAX_CHARS) {
            return new String[0];
        }
        try {
            return new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8).split("\n", -1);
        } catch (IllegalArgumentException e) {
            return new String[0];
        }
    }

    private static String shortened(String text) {
        return text.length() > 40 ? text.substring(0, 40) + "…" : text;
    }
}
