package io.sallyport.testkit.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The certificates of a run: two authorities, `ca` and `stranger`, and what they issued. Each certificate is made
/// once, so that cases with the same wish share it.
public final class Wallet {

    /// The name in every client's certificate.
    public static final String CLIENT = "client.test";

    private static final int DAYS = 20;

    private final Map<String, Authority> authorities;
    private final Map<Wish, Authority.Issued> issued = new HashMap<>();

    /// A certificate for these names by an authority; the first one is the common name.
    public record Wish(List<String> names, String authority) {
        public Wish {
            names = List.copyOf(names);
        }
    }

    private Wallet(Map<String, Authority> authorities) {
        this.authorities = authorities;
    }

    public static Wallet in(Path folder) throws IOException {
        return new Wallet(
                Map.of("ca", Authority.in(folder.resolve("ca")), "stranger", Authority.in(folder.resolve("stranger"))));
    }

    /// The certificate of an authority itself, as a PEM file.
    public Path authority(String name) {
        return of(name).certificate();
    }

    public Authority.Issued issued(Wish wish) throws IOException {
        var known = issued.get(wish);
        if (known != null) {
            return known;
        }
        var made = of(wish.authority()).issue(wish.names(), DAYS);
        issued.put(wish, made);
        return made;
    }

    /// What a client of an authority shows.
    public Authority.Issued client(String authority) throws IOException {
        return issued(new Wish(List.of(CLIENT), authority));
    }

    /// Writes a secret as a certificate mount has it. No names: it has no certificate of its own; `clients` is the
    /// authority in it, empty for none.
    public void mount(Path folder, List<String> names, String authority, String clients) throws IOException {
        Files.createDirectories(folder);
        if (!names.isEmpty()) {
            var own = issued(new Wish(names, authority));
            Files.copy(own.certificate(), folder.resolve("tls.crt"));
            Files.copy(own.key(), folder.resolve("tls.key"));
        }
        if (!clients.isEmpty()) {
            Files.copy(authority(clients), folder.resolve("ca.crt"));
        }
    }

    private Authority of(String name) {
        var authority = authorities.get(name);
        if (authority == null) {
            throw new IllegalArgumentException(
                    "authority \"%s\" (expected: one of %s)".formatted(name, authorities.keySet()));
        }
        return authority;
    }
}
