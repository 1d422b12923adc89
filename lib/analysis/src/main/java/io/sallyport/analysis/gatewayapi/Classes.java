package io.sallyport.analysis.gatewayapi;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Kind;
import io.sallyport.model.gatewayapi.GatewayClass;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// Whose Gateways are whose. The classes `istio` and `sallyport` need not be declared.
final class Classes {

    /// What a GatewayClass of ours says.
    static final Set<String> CONTROLLERS = Set.of("sallyport.io/gateway-controller", "istio.io/gateway-controller");

    private static final Set<String> OWN = Set.of("istio", "sallyport");

    private final Map<String, String> controllers = new HashMap<>();

    Classes(ConfigImage image) {
        image.all(Kind.GATEWAY_CLASS, GatewayClass.class)
                .forEach(object -> controllers.put(object.name(), object.spec().controllerName()));
    }

    boolean isOurs(String name) {
        var controller = controllers.get(name);
        return controller == null ? OWN.contains(name) : CONTROLLERS.contains(controller);
    }

    /// Whether somebody else's, or nobody's.
    boolean isKnown(String name) {
        return controllers.containsKey(name) || OWN.contains(name);
    }
}
