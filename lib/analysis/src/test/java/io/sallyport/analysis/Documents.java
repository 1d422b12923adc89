package io.sallyport.analysis;

import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.read.ReadResult;
import io.sallyport.model.read.YamlReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// Reads YAML for tests. Objects are as old as their place in the file: the first is the oldest.
final class Documents {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private Documents() {}

    static ReadResult read(String yaml) {
        return new YamlReader().read("in.yaml", yaml.getBytes(StandardCharsets.UTF_8));
    }

    static List<ConfigObject<?>> objects(String yaml) {
        var objects = new ArrayList<ConfigObject<?>>();
        for (var object : read(yaml).objects().toList()) {
            var created = object.metadata().creationTimestamp();
            var age = new Age(created == null ? START : created, 1, "in.yaml", objects.size());
            objects.add(object.withAge(age));
        }
        return objects;
    }

    static ConfigImage image(String yaml) {
        return ConfigImage.EMPTY.with(1, objects(yaml), List.of());
    }

    /// Everything that `check` would say about a file.
    static List<Finding> findings(String yaml) {
        var all = new ArrayList<>(read(yaml).findings());
        all.addAll(Analyzer.at(START).check(image(yaml)).findings());
        return all;
    }

    /// As a line of `findings.txt`.
    static String line(Finding finding) {
        var at = finding.location();
        return "%s %s %s %s, line %d: %s"
                .formatted(
                        finding.code().severity().text(),
                        finding.code().id(),
                        at.object(),
                        at.path(),
                        at.line(),
                        finding.message());
    }
}
