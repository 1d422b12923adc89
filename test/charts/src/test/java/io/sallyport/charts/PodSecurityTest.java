package io.sallyport.charts;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every pod that a chart renders passes Pod Security's profile "restricted", and a little more: read-only root file
/// systems, limits of memory, probes, and a token only where the API server is asked.
@Tag("V27")
@Tag("M26")
class PodSecurityTest {

    // The sysctls that the profile leaves to pods.
    private static final List<String> SAFE_SYSCTLS = List.of("net.ipv4.ip_unprivileged_port_start");
    private static final List<String> VOLUMES = List.of(
            "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret");

    static List<Cases.Rendered> all() {
        return Cases.all();
    }

    @ParameterizedTest
    @MethodSource("all")
    void podsAreRestricted(Cases.Rendered rendered) {
        var broken = new ArrayList<String>();
        for (var object : rendered.objects()) {
            var pod = Yaml.at(object, "spec.template.spec");
            if (!pod.isEmpty()) {
                judge(Cases.name(object), pod, broken);
            }
        }
        assertThat(broken).isEmpty();
    }

    private static void judge(String name, Map<String, Object> pod, List<String> broken) {
        for (var shared : List.of("hostNetwork", "hostPID", "hostIPC")) {
            require(!Boolean.TRUE.equals(pod.get(shared)), name + ": " + shared, broken);
        }
        var security = Yaml.at(pod, "securityContext");
        require(Boolean.TRUE.equals(security.get("runAsNonRoot")), name + ": runs as root", broken);
        require(!Integer.valueOf(0).equals(security.get("runAsUser")), name + ": user 0", broken);
        require(
                "RuntimeDefault".equals(Yaml.at(security, "seccompProfile").get("type")),
                name + ": no seccomp profile",
                broken);
        for (var sysctl : Yaml.list(security.get("sysctls"))) {
            require(SAFE_SYSCTLS.contains(Yaml.map(sysctl).get("name")), name + ": " + sysctl, broken);
        }
        for (var volume : Yaml.list(pod.get("volumes"))) {
            var kinds = new ArrayList<>(Yaml.map(volume).keySet());
            kinds.remove("name");
            require(VOLUMES.containsAll(kinds), name + ": volume " + volume, broken);
        }
        require(Boolean.FALSE.equals(pod.get("automountServiceAccountToken")), name + ": mounts a token", broken);
        var containers = new ArrayList<>(Yaml.list(pod.get("containers")));
        containers.addAll(Yaml.list(pod.get("initContainers")));
        for (var each : containers) {
            container(name, Yaml.map(each), broken);
        }
    }

    private static void container(String name, Map<String, Object> container, List<String> broken) {
        var security = Yaml.at(container, "securityContext");
        require(
                Boolean.FALSE.equals(security.get("allowPrivilegeEscalation")),
                name + ": may escalate privileges",
                broken);
        require(Boolean.TRUE.equals(security.get("readOnlyRootFilesystem")), name + ": may write its root", broken);
        var capabilities = Yaml.at(security, "capabilities");
        require(Yaml.list(capabilities.get("drop")).equals(List.of("ALL")), name + ": keeps capabilities", broken);
        require(Yaml.list(capabilities.get("add")).isEmpty(), name + ": adds capabilities", broken);
        require(!Boolean.TRUE.equals(security.get("privileged")), name + ": privileged", broken);
        require(Yaml.at(container, "resources.limits").containsKey("memory"), name + ": no limit of memory", broken);
        require(container.containsKey("readinessProbe"), name + ": no readiness probe", broken);
        for (var port : Yaml.list(container.get("ports"))) {
            require(!Yaml.map(port).containsKey("hostPort"), name + ": " + port, broken);
        }
    }

    private static void require(boolean holds, String otherwise, List<String> broken) {
        if (!holds) {
            broken.add(otherwise);
        }
    }
}
