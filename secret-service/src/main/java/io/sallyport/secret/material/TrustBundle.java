package io.sallyport.secret.material;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.time.Instant;
import java.util.List;

/// The certificates that a peer's chain must end in, and the revocation list that is checked with them.
/// `source` is the entry that they came from (`cacert` or `ca.crt`), `crlPem` is empty where there is no list. `until`
/// is when the last authority or the first revocation list expires: an Envoy with an expired list refuses everybody.
public record TrustBundle(ByteString caPem, String source, List<String> subjects, Instant until, ByteString crlPem) {

    public TrustBundle {
        subjects = ImmutableList.copyOf(subjects);
    }
}
