package io.sallyport.charts;

import com.marcnuri.helm.Helm;
import java.nio.file.Path;
import java.util.Map;

/// One `helm install RELEASE CHART --namespace NAMESPACE --values …`, of which only the rendering is done.
record Install(String chart, String release, String namespace) {

    static final Path CHARTS = Path.of("../../deploy/charts").toAbsolutePath().normalize();

    /// The cluster that charts look things up in while they are rendered.
    static final FakeCluster CLUSTER = FakeCluster.start();

    /// What a line of `installs.txt` says: release, chart, namespace.
    static Install of(String line) {
        var words = line.strip().split(" +", -1);
        if (words.length != 3) {
            throw new IllegalArgumentException("\"" + line + "\" (expected: RELEASE CHART NAMESPACE)");
        }
        return new Install(words[1], words[0], words[2]);
    }

    Path folder() {
        return CHARTS.resolve(chart);
    }

    /// The objects as Helm prints them.
    String text(Path values, Map<String, String> set) {
        var command = new Helm(folder())
                .template()
                .withName(release)
                .withNamespace(namespace)
                .withKubeVersion("1.31.0")
                .withValuesFile(values);
        set.forEach(command::set);
        return command.call();
    }
}
