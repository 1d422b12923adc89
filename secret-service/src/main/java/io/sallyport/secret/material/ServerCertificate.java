package io.sallyport.secret.material;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;

/// A certificate with its chain, leaf first, and the key that belongs to it, re-encoded canonically.
///
/// `names` are the DNS names and addresses of the leaf's subject alternative names, in their order.
/// `ocspStaple` is empty where there is none.
public record ServerCertificate(
        ByteString chainPem,
        PrivateKeyPem key,
        BigInteger serial,
        String subject,
        String issuer,
        Instant notBefore,
        Instant notAfter,
        List<String> names,
        ByteString ocspStaple) {

    public ServerCertificate {
        names = ImmutableList.copyOf(names);
    }

    /// The serial number as `openssl x509 -serial` prints it, with colons: `4e:1a:07`.
    public String serialText() {
        var hex = serial.toString(16);
        var even = hex.length() % 2 == 0 ? hex : "0" + hex;
        return String.join(":", even.split("(?<=\\G..)"));
    }
}
