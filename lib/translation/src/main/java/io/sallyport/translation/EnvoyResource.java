package io.sallyport.translation;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hashing;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.sallyport.model.Origin;
import java.util.List;

/// One resource as Envoy gets it, serialised once and shared by every stream that sends it.
///
/// `version` is a hash of `bytes`: equal content has an equal version in every process, so a proxy that reconnects is
/// sent nothing that it has. `origins` are the parts of objects that made it, for a refusal to name.
public record EnvoyResource(ResourceType type, String name, String version, ByteString bytes, List<Origin> origins) {

    private static final int VERSION_LENGTH = 16;

    public EnvoyResource {
        origins = ImmutableList.copyOf(origins);
    }

    /// A resource of these bytes, with the version that follows from them: the first 16 hex digits of their SHA-256.
    public static EnvoyResource of(ResourceType type, String name, ByteString bytes, List<Origin> origins) {
        var hashing = Hashing.sha256().newHasher(bytes.size());
        for (var part : bytes.asReadOnlyByteBufferList()) {
            hashing.putBytes(part);
        }
        return new EnvoyResource(type, name, hashing.hash().toString().substring(0, VERSION_LENGTH), bytes, origins);
    }

    /// As it travels: the type URL and the bytes, not parsed again.
    public Any toAny() {
        return Any.newBuilder().setTypeUrl(type.url()).setValue(bytes).build();
    }
}
