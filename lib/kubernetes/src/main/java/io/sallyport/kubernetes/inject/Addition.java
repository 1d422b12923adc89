package io.sallyport.kubernetes.inject;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/// One `add` of a JSON Patch (RFC 6902): into a list it inserts, into a mapping it sets. `path` is where, from the
/// object's root: `spec`, `volumes`, `0`; `-` is the end of a list.
public record Addition(List<String> path, JsonNode value) {

    public Addition {
        path = List.copyOf(path);
    }

    /// The same inside another object, such as a Deployment around a pod's template.
    Addition below(List<String> place) {
        var whole = new ArrayList<>(place);
        whole.addAll(path);
        return new Addition(whole, value);
    }

    /// As the patch says it.
    public ObjectNode operation() {
        var pointer = new StringBuilder();
        for (var step : path) {
            pointer.append('/').append(step.replace("~", "~0").replace("/", "~1"));
        }
        return JsonNodeFactory.instance
                .objectNode()
                .put("op", "add")
                .put("path", pointer.toString())
                .set("value", value);
    }
}
