package io.sallyport.xds.status;

import com.google.common.base.Enums;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sallyport.runtime.rpc.PageFields;
import io.sallyport.translation.ResourceType;
import java.util.Optional;

/// Where the next page of what a proxy runs begins: behind a resource, of the one proxy among several of a name that
/// the first page was read from.
record PageToken(String nodeId, ResourceType type, String after) {

    String encode() {
        return PageFields.encode(nodeId, type.name(), after);
    }

    static PageToken decode(String text) {
        return PageFields.decode(text, 3)
                .flatMap(fields -> type(fields.get(1)).map(type -> new PageToken(fields.get(0), type, fields.get(2))))
                .orElseThrow(PageToken::foreign);
    }

    private static Optional<ResourceType> type(String name) {
        return Enums.getIfPresent(ResourceType.class, name).toJavaUtil();
    }

    private static StatusRuntimeException foreign() {
        return Status.INVALID_ARGUMENT
                .withDescription("page_token is not of this list (expected: next_page_token of the page before)")
                .asRuntimeException();
    }
}
