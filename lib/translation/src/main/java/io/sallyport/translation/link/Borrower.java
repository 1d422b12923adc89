package io.sallyport.translation.link;

import com.google.common.collect.ImmutableList;
import io.sallyport.translation.LentSecret;
import java.util.List;

/// The server that asks for a secret, as far as a lender wants to know. Whether it is lent is not decided here:
/// secret-service holds the grants, and a plan that names a secret need not be told again when one comes or goes.
record Borrower(String gateway, List<String> hosts) {

    Borrower {
        hosts = ImmutableList.copyOf(hosts);
    }

    static Borrower of(Member member) {
        return new Borrower(member.gatewayName(), member.hosts());
    }

    /// The name under which this server's proxy asks for a credential.
    String named(String credential) {
        return LentSecret.named(credential, gateway, hosts);
    }
}
