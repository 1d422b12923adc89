package io.sallyport.translation.simulate;

import com.google.common.collect.ImmutableList;
import java.util.List;

/// What a client says when its connection opens: all that a listener can choose a filter chain by.
public sealed interface Hello {

    /// No TLS: the bytes begin at once.
    record Plain() implements Hello {}

    /// TLS for a server name, empty where the client names none (it went to an address). `protocols` are those it can
    /// speak inside; `certificate` says whether it can show one of its own.
    record Tls(String serverName, List<String> protocols, boolean certificate) implements Hello {
        public Tls {
            protocols = ImmutableList.copyOf(protocols);
        }
    }

    /// TLS as browsers open it, and a plain connection for an empty name.
    static Hello of(String serverName) {
        return serverName.isEmpty() ? new Plain() : new Tls(serverName, ImmutableList.of("h2", "http/1.1"), false);
    }

    /// What is asked for; empty for nothing.
    default String name() {
        return switch (this) {
            case Plain() -> "";
            case Tls tls -> tls.serverName();
        };
    }

    /// Whether the connection is encrypted.
    default boolean isTls() {
        return switch (this) {
            case Plain() -> false;
            case Tls _ -> true;
        };
    }
}
