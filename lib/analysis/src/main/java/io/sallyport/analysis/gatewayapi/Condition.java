package io.sallyport.analysis.gatewayapi;

import io.sallyport.model.Path;

/// One of the conditions of the standard, as `status.conditions` of an object says it. `place` is the part of
/// the object that it is about: not for the status, but for findings.
///
/// `Programmed` holds here when the object is translated; whether proxies run it, xds-service knows.
public record Condition(Type type, boolean holds, String reason, String message, Path place) {

    /// The standard's types. `CONFLICTED` and `PARTIALLY_INVALID` are good when they do not hold.
    public enum Type {
        ACCEPTED("Accepted"),
        PROGRAMMED("Programmed"),
        RESOLVED_REFS("ResolvedRefs"),
        CONFLICTED("Conflicted"),
        PARTIALLY_INVALID("PartiallyInvalid");

        private final String text;

        Type(String text) {
            this.text = text;
        }

        /// As the standard writes it.
        public String text() {
            return text;
        }
    }

    static Condition yes(Type type, Path place) {
        return new Condition(type, true, type == Type.CONFLICTED ? "Conflicted" : type.text(), "", place);
    }

    static Condition no(Type type, String reason, String message, Path place) {
        return new Condition(type, false, reason, message, place);
    }

    /// Whether something is wrong.
    public boolean isTrouble() {
        return switch (type) {
            case ACCEPTED, PROGRAMMED, RESOLVED_REFS -> !holds;
            case CONFLICTED, PARTIALLY_INVALID -> holds;
        };
    }

    /// `True` or `False`, as the standard writes it.
    public String status() {
        return holds ? "True" : "False";
    }
}
