package io.sallyport.analysis;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.Path;
import io.sallyport.model.RuleCode;
import java.util.ArrayList;
import java.util.List;

/// Collects what one rule finds in one object. Lines and columns are looked up only for what is reported.
public final class Report {

    /// More findings of one rule in one object help nobody, and a hostile object must not cost unbounded memory.
    static final int MOST = 200;

    private final ConfigObject<?> object;
    private final RuleCode code;
    private final Locator locator;
    private final List<Finding> findings = new ArrayList<>();

    Report(ConfigObject<?> object, RuleCode code, Locator locator) {
        this.object = object;
        this.code = code;
        this.locator = locator;
    }

    /// The object that is judged: its name, namespace, annotations.
    public ConfigObject<?> object() {
        return object;
    }

    public void at(At<?> place, String message) {
        at(place.path(), message);
    }

    public void at(Path path, String message) {
        at(path, message, List.of());
    }

    public void at(At<?> place, String message, List<Place> related) {
        at(place.path(), message, related);
    }

    /// A finding that names other objects too.
    public void at(Path path, String message, List<Place> related) {
        if (findings.size() < MOST) {
            findings.add(new Finding(
                    code,
                    locator.locate(object, path),
                    message,
                    related.stream()
                            .map(place -> locator.locate(place.object(), place.path()))
                            .toList()));
        }
    }

    List<Finding> findings() {
        return findings;
    }

    /// A part of another object.
    public record Place(ConfigObject<?> object, Path path) {}
}
