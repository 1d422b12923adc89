package io.sallyport.config.api;

import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.runtime.rpc.PageFields;
import java.util.Optional;

/// Where the next page of a list begins: after an object, in a list of a kind and namespace. A token of another list
/// is refused, so that a page never skips what the caller did not see.
record PageToken(String kind, String namespace, ObjectRef after) {

    String encode() {
        return PageFields.encode(kind, namespace, after.kind().text(), after.namespace(), after.name());
    }

    static PageToken decode(String text, String kind, String namespace) throws RefusedException {
        return PageFields.decode(text, 5)
                .filter(fields -> fields.get(0).equals(kind) && fields.get(1).equals(namespace))
                .flatMap(fields -> object(fields.get(2), fields.get(3), fields.get(4)))
                .map(after -> new PageToken(kind, namespace, after))
                .orElseThrow(() -> new RefusedException("page_token \"" + shortened(text)
                        + "\" is not of this list (expected: next_page_token of the page before)"));
    }

    private static Optional<ObjectRef> object(String kind, String namespace, String name) {
        return Kind.of(kind).map(known -> new ObjectRef(known, namespace, name));
    }

    private static String shortened(String text) {
        return text.length() > 40 ? text.substring(0, 40) + "…" : text;
    }
}
