package io.sallyport.runtime.identity;

import java.util.Collection;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/// Who makes a call, as a certificate or a token proved it. What a caller says of itself is no part of this.
public sealed interface Identity {

    /// The owner of the machine, by the token of `up` or by being in the same process. May do everything.
    record Local() implements Identity {

        @Override
        public String toString() {
            return "local";
        }
    }

    /// One of Sallyport's own services: `config`, `xds`, `secret`, `egress`, `accesslog`.
    record Service(String name) implements Identity {

        @Override
        public String toString() {
            return "service " + name;
        }
    }

    /// Something that runs under a service account: a gateway, a client proxy, or somebody's pipeline.
    ///
    /// @param pod which of them, when its token is bound to one
    record Workload(String namespace, String serviceAccount, Optional<String> pod) implements Identity {

        private static final String USER = "system:serviceaccount:";

        /// How Kubernetes calls it: `system:serviceaccount:shop:edge`.
        public String user() {
            return USER + namespace + ":" + serviceAccount;
        }

        /// The other way round; empty: the user is no service account.
        public static Optional<Workload> ofUser(String user, Optional<String> pod) {
            if (!user.startsWith(USER)) {
                return Optional.empty();
            }
            var parts = user.substring(USER.length()).split(":", -1);
            return parts.length == 2 && !parts[0].isEmpty() && !parts[1].isEmpty()
                    ? Optional.of(new Workload(parts[0], parts[1], pod))
                    : Optional.empty();
        }

        @Override
        public String toString() {
            return "workload " + namespace + "/" + serviceAccount;
        }
    }

    /// A person, or whatever an identity provider or Kubernetes calls by a name.
    record User(String name, SortedSet<String> groups) implements Identity {

        public User {
            groups = Collections.unmodifiableSortedSet(new TreeSet<>(groups));
        }

        public static User of(String name, Collection<String> groups) {
            return new User(name, new TreeSet<>(groups));
        }

        @Override
        public String toString() {
            return "user " + name;
        }
    }
}
