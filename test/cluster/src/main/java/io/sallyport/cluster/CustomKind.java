package io.sallyport.cluster;

import io.sallyport.model.Kind;
import java.util.List;
import java.util.Locale;

/// A kind that a CRD brings, as the tests install it: everything is allowed below `spec`, and the status is written
/// apart.
record CustomKind(String group, String kind, List<String> versions) {

    static CustomKind of(Kind kind) {
        return new CustomKind(kind.group(), kind.word(), kind.versions());
    }

    String plural() {
        var word = kind.toLowerCase(Locale.ROOT);
        if (word.endsWith("y") && !word.endsWith("ay")) {
            return word.substring(0, word.length() - 1) + "ies";
        }
        return word + (word.endsWith("s") ? "es" : "s");
    }

    // GatewayClasses are everybody's.
    boolean isNamespaced() {
        return !kind.equals("GatewayClass");
    }

    // The standard's ReferenceGrants have none, and nobody may write one.
    boolean hasStatus() {
        return !kind.equals("ReferenceGrant");
    }

    String name() {
        return plural() + "." + group;
    }
}
