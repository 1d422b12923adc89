package io.sallyport.analysis.gatewayapi;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.world.MeshSettings;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Ingress;
import io.sallyport.model.IngressClass;
import io.sallyport.model.Kind;
import io.sallyport.model.MeshConfig.IngressControllerMode;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Whose Ingresses are whose, by Istio's rules: the class of the mesh settings, under `DEFAULT` those without
/// any class too. An IngressClass that is declared says for itself.
final class IngressClasses {

    private static final Set<String> CONTROLLERS =
            Set.of("sallyport.io/ingress-controller", "istio.io/ingress-controller");
    private static final String OWN = "sallyport";

    private final MeshSettings mesh;
    private final Map<String, Boolean> declared = new HashMap<>();
    private Optional<Boolean> byDefault = Optional.empty();

    IngressClasses(ConfigImage image, MeshSettings mesh) {
        this.mesh = mesh;
        image.all(Kind.INGRESS_CLASS, IngressClass.class)
                .sorted(ConfigObject.BY_AGE)
                .forEach(object -> {
                    boolean isOurs = CONTROLLERS.contains(object.spec().controller());
                    declared.put(object.name(), isOurs);
                    if (byDefault.isEmpty()
                            && "true".equals(object.metadata().annotations().get(IngressClass.DEFAULT_ANNOTATION))) {
                        byDefault = Optional.of(isOurs);
                    }
                });
    }

    /// Whether it is served here.
    boolean isOurs(ConfigObject<Ingress> ingress) {
        if (mesh.ingressMode() == IngressControllerMode.OFF) {
            return false;
        }
        var name = name(ingress);
        if (name.isEmpty()) {
            return byDefault.orElse(mesh.ingressMode() == IngressControllerMode.DEFAULT);
        }
        return declared.getOrDefault(name, name.equals(mesh.ingressClass()) || name.equals(OWN));
    }

    /// Whether an IngressClass says that it is somebody's.
    boolean isKnown(ConfigObject<Ingress> ingress) {
        var name = name(ingress);
        return name.isEmpty() ? byDefault.isPresent() : declared.containsKey(name);
    }

    /// What nobody serves, for people.
    Condition unserved(ConfigObject<Ingress> ingress) {
        var name = name(ingress);
        return Condition.no(
                Condition.Type.ACCEPTED,
                "UnknownClass",
                mesh.ingressMode() == IngressControllerMode.OFF
                        ? "ingressControllerMode is OFF: no Ingress is served (expected: STRICT or DEFAULT)"
                        : "%s: nobody here serves it (expected: ingressClassName: %s)"
                                .formatted(name.isEmpty() ? "no class" : "class \"" + name + "\"", mesh.ingressClass()),
                name.isEmpty() ? ObjectStatus.SPEC : ObjectStatus.SPEC.field("ingressClassName"));
    }

    private static String name(ConfigObject<Ingress> ingress) {
        return ingress.metadata()
                .annotations()
                .getOrDefault(Ingress.CLASS_ANNOTATION, ingress.spec().ingressClassName());
    }
}
