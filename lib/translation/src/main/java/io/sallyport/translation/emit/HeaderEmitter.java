package io.sallyport.translation.emit;

import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.sallyport.translation.plan.HeaderEdits;
import java.util.List;

/// Spells changes of headers. Values are in Envoy's substitution format, as in Istio's own fields.
final class HeaderEmitter {

    private HeaderEmitter() {}

    static List<HeaderValueOption> emit(List<HeaderEdits.Value> values) {
        return values.stream().map(HeaderEmitter::emit).toList();
    }

    private static HeaderValueOption emit(HeaderEdits.Value value) {
        return HeaderValueOption.newBuilder()
                .setHeader(HeaderValue.newBuilder().setKey(value.name()).setValue(value.value()))
                .setAppendAction(action(value.mode()))
                .build();
    }

    private static HeaderAppendAction action(HeaderEdits.Mode mode) {
        return switch (mode) {
            case SET -> HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD;
            case ADD -> HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD;
        };
    }
}
