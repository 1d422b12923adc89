package io.sallyport.standalone.envoy;

import com.google.common.collect.ImmutableList;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.util.List;

/// What an Envoy listens on, as its admin socket tells it: the proof that a listener is not only acknowledged.
///
/// @param addresses `127.0.0.1:8080`, of listeners that take connections
/// @param warming how many wait for something before they take connections
public record Listeners(List<String> addresses, int warming) {

    public Listeners {
        addresses = ImmutableList.copyOf(addresses);
    }

    /// Asks the Envoy behind the socket.
    public static Listeners of(AdminSocket admin) throws IOException {
        return new Listeners(addresses(admin.get("/listeners?format=json")), warming(admin));
    }

    private static List<String> addresses(String json) throws IOException {
        try {
            var statuses = JsonParser.parseString(json).getAsJsonObject().getAsJsonArray("listener_statuses");
            var addresses = ImmutableList.<String>builder();
            if (statuses != null) {
                for (var status : statuses) {
                    var local = status.getAsJsonObject().getAsJsonObject("local_address");
                    if (local != null && local.has("socket_address")) {
                        var socket = local.getAsJsonObject("socket_address");
                        addresses.add(socket.get("address").getAsString() + ":"
                                + socket.get("port_value").getAsInt());
                    }
                }
            }
            return addresses.build();
        } catch (JsonParseException | IllegalStateException e) {
            throw new IOException("/listeners of the admin socket is not as expected: " + e.getMessage(), e);
        }
    }

    private static int warming(AdminSocket admin) throws IOException {
        var stats = admin.get("/stats?filter=%5Elistener_manager%5C.total_listeners_warming%24");
        var colon = stats.lastIndexOf(':');
        try {
            return colon < 0 ? 0 : Integer.parseInt(stats.substring(colon + 1).strip());
        } catch (NumberFormatException e) {
            throw new IOException("/stats of the admin socket is not as expected: \"" + stats.strip() + "\"", e);
        }
    }
}
