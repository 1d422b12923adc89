package io.sallyport.analysis.relation;

import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.SecretGrant;
import java.util.Collection;
import java.util.Locale;

/// What a [SecretGrant] lends: the one answer for the rule that tells the user, and for secret-service, which obeys it.
public final class Lending {

    private static final String AUTHORITY = "-cacert";

    private Lending() {}

    /// Whether it names the secret and the Gateway (`namespace/name`). Who lends `pay` lends `pay-cacert` with it.
    public static boolean isTo(SecretGrant grant, String secret, String gateway) {
        return grant.gateways().stream()
                        .anyMatch(borrower -> gateway.equals(borrower.namespace() + "/" + borrower.name()))
                && grant.secrets().stream().anyMatch(name -> secret.equals(name) || secret.equals(name + AUTHORITY));
    }

    /// Whether it does so for every one of these hosts.
    public static boolean covers(SecretGrant grant, String secret, String gateway, Collection<String> hosts) {
        return isTo(grant, secret, gateway) && hosts.stream().allMatch(host -> isFor(grant, host));
    }

    /// Whether it is for a host, which may be a wildcard. `*.pay.test` is for `a.pay.test`, and not for `pay.test`.
    static boolean isFor(SecretGrant grant, String host) {
        var lower = host.toLowerCase(Locale.ROOT);
        return grant.hosts().stream().anyMatch(outer -> Hosts.covers(outer.toLowerCase(Locale.ROOT), lower));
    }
}
