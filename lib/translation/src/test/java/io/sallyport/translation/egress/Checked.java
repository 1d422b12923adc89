package io.sallyport.translation.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.Platform;
import io.sallyport.model.read.YamlReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// Configurations for tests, written as their users write them. One without `kind` is `sallyport.yaml`.
final class Checked {

    private Checked() {}

    static CheckedImage of(String... documents) {
        var objects = new ArrayList<ConfigObject<?>>();
        for (var text : documents) {
            var name = text.contains("kind: ") && text.contains("metadata:") ? "in.yaml" : Platform.FILE_NAME;
            var read = new YamlReader().read(name, text.getBytes(StandardCharsets.UTF_8));
            assertThat(read.findings().stream().filter(Finding::isError)).isEmpty();
            for (var object : read.objects().toList()) {
                var created = object.metadata().creationTimestamp();
                var accepted = created == null ? Instant.parse("2026-01-01T00:00:00Z") : created;
                objects.add(object.withAge(new Age(accepted, 1, name, objects.size())));
            }
        }
        return new Analyzer().check(ConfigImage.EMPTY.with(1, objects, List.of()));
    }
}
