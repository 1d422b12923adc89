package io.sallyport.xds.status;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sallyport.translation.ResourceType;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/// Where the next page of what a proxy runs begins: behind a resource, of the one proxy among several of a name that
/// the first page was read from.
record PageToken(String nodeId, ResourceType type, String after) {

    private static final int MAX_CHARS = 4_096;

    String encode() {
        var text = String.join("\n", nodeId, type.name(), after);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    static PageToken decode(String text) {
        if (text.length() > MAX_CHARS) {
            throw foreign();
        }
        try {
            var fields = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8).split("\n", 3);
            if (fields.length == 3) {
                return new PageToken(fields[0], ResourceType.valueOf(fields[1]), fields[2]);
            }
        } catch (IllegalArgumentException malformed) {
            throw foreign();
        }
        throw foreign();
    }

    private static StatusRuntimeException foreign() {
        return Status.INVALID_ARGUMENT
                .withDescription("page_token is not of this list (expected: next_page_token of the page before)")
                .asRuntimeException();
    }
}
