package io.sallyport.secret.sds;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.sallyport.secret.material.Throwaway;

/// What a proxy gets in place of a secret that was withdrawn. Envoy goes on serving what it has when it hears that a
/// secret is gone (measured with 1.40: "removed" and an empty secret both leave the old one in force), so it gets
/// something that convinces nobody: an expired certificate without a name, or an authority that signed nothing. The
/// withdrawn key leaves the proxy, and every handshake of a client that checks fails.
///
/// Its version is the same everywhere, so nobody gets it twice.
final class Tombstone {

    private static final String VERSION = "withdrawn";

    // Once a process: its key protects nothing.
    private static final class Holder {

        private static final Throwaway ONE = Throwaway.make();
    }

    private Tombstone() {}

    /// Makes the key and the certificate ahead of time: in a fresh Java they take long enough to matter,
    /// while a key that was taken back is still shown.
    static void prepare() {
        of("", true);
    }

    static Answer of(String resource, boolean isAuthority) {
        var secret = Secret.newBuilder().setName(resource);
        var chain = Answer.inline(ByteString.copyFrom(Holder.ONE.certificatePem()));
        if (isAuthority) {
            secret.getValidationContextBuilder().setTrustedCa(chain);
        } else {
            secret.getTlsCertificateBuilder()
                    .setCertificateChain(chain)
                    .setPrivateKey(Answer.inline(ByteString.copyFrom(Holder.ONE.keyPem())));
        }
        return new Answer(VERSION, Any.pack(secret.build()));
    }
}
