package io.sallyport.translation.egress;

import io.sallyport.translation.ProxyClass;
import java.util.ArrayList;
import java.util.List;

/// How a client comes to its proxy. One host may be treated differently by each: a redirected connection has lost its
/// name, a request of `HTTP_PROXY` has kept it.
public enum Door {
    /// Redirected on its way, as with Istio's init container.
    REDIRECTED,
    /// Whole URLs and CONNECT.
    HTTP_PROXY,
    /// A port of this machine in place of the service's.
    LOCAL_PORT;

    /// The doors that a class of clients has, the most telling first.
    public static List<Door> of(ProxyClass client) {
        var doors = new ArrayList<Door>();
        if (client.isRedirected()) {
            doors.add(REDIRECTED);
        }
        if (client.proxiedPort().isPresent()) {
            doors.add(HTTP_PROXY);
        }
        if (client.listen().keySet().stream().anyMatch(Door::isPort)) {
            doors.add(LOCAL_PORT);
        }
        return doors;
    }

    private static boolean isPort(String name) {
        return name.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
