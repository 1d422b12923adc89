package io.sallyport.translation;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Optional;
import java.util.TreeSet;

/// How a proxy asks for a secret of another namespace: `lent://pay/cert?gateway=shop/edge&hosts=0a1b2c3d4e5f6071`. It
/// says for which server of which Gateway it is wanted, so that secret-service can hold that against the `SecretGrant`s
/// of the lender, and against the Gateway itself.
///
/// `gateway` is `namespace/name`; `hosts` stands for the hosts of the server. Authorities are asked for under the
/// secret's name with `-cacert`, as everywhere.
public record LentSecret(String lender, String secret, String gateway, String hosts) {

    private static final String SCHEME = "lent://";
    private static final String GATEWAY = "?gateway=";
    private static final String HOSTS = "&hosts=";
    private static final String AUTHORITY = "-cacert";
    private static final int DIGITS = 16;

    /// The credential of a server as its proxy asks for it: one of another namespace (`pay/cert`) says who borrows it;
    /// any other stays as it is.
    public static String named(String credential, String gateway, Collection<String> hosts) {
        if (credential.contains("://") || credential.indexOf('/') < 0) {
            return credential;
        }
        return SCHEME + credential + GATEWAY + gateway + HOSTS + digest(hosts);
    }

    /// The authorities that belong to a credential which was [#named].
    public static Optional<String> authorityOf(String named) {
        return parse(named)
                .map(lent -> lent.secret.endsWith(AUTHORITY)
                        ? named
                        : new LentSecret(lent.lender, lent.secret + AUTHORITY, lent.gateway, lent.hosts).toString());
    }

    /// Reads the name of a resource; misses for every other name.
    public static Optional<LentSecret> parse(String resource) {
        int question = resource.indexOf(GATEWAY);
        int and = resource.indexOf(HOSTS);
        if (!resource.startsWith(SCHEME) || question < 0 || and < question) {
            return Optional.empty();
        }
        var path = resource.substring(SCHEME.length(), question).split("/", -1);
        return path.length == 2
                ? Optional.of(new LentSecret(
                        path[0],
                        path[1],
                        resource.substring(question + GATEWAY.length(), and),
                        resource.substring(and + HOSTS.length())))
                : Optional.empty();
    }

    /// What stands for the hosts of a server in a name.
    public static String digest(Collection<String> hosts) {
        var text = String.join(",", new TreeSet<>(hosts));
        return Hashing.sha256()
                .hashString(text, StandardCharsets.UTF_8)
                .toString()
                .substring(0, DIGITS);
    }

    @Override
    public String toString() {
        return SCHEME + lender + "/" + secret + GATEWAY + gateway + HOSTS + hosts;
    }
}
