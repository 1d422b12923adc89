package io.sallyport.runtime.identity;

/// What somebody wants to do, in the words of Kubernetes' authorisation: `create
/// virtualservices.networking.istio.io` in namespace `shop`. Beside the objects themselves there are things
/// that only Sallyport has, in the group `sallyport.io`: `proxies`, `accesslogs`, `egressverdicts` and
/// `secretstatuses`.
///
/// @param namespace empty: all of them
public record Access(Verb verb, String group, String resource, String namespace) {

    /// The group of what only Sallyport has.
    public static final String OWN_GROUP = "sallyport.io";

    /// Verbs of Kubernetes that occur here.
    public enum Verb {
        GET("get"),
        LIST("list"),
        WATCH("watch"),
        CREATE("create"),
        UPDATE("update"),
        DELETE("delete");

        private final String word;

        Verb(String word) {
            this.word = word;
        }

        /// As Kubernetes spells it.
        public String word() {
            return word;
        }

        /// Whether it leaves everything as it is.
        public boolean reads() {
            return switch (this) {
                case GET, LIST, WATCH -> true;
                case CREATE, UPDATE, DELETE -> false;
            };
        }
    }

    /// Of something that only Sallyport has.
    public static Access own(Verb verb, String resource, String namespace) {
        return new Access(verb, OWN_GROUP, resource, namespace);
    }

    /// The same in another namespace.
    public Access in(String other) {
        return new Access(verb, group, resource, other);
    }

    @Override
    public String toString() {
        return verb.word() + " " + (group.isEmpty() ? resource : resource + "." + group)
                + (namespace.isEmpty() ? " in all namespaces" : " in namespace \"" + namespace + "\"");
    }
}
