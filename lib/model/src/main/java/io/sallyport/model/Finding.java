package io.sallyport.model;

import java.util.List;

/// One thing that is wrong, or worth knowing, with its place: the message says the offending value in quotes and what
/// was expected. A value, never an exception: all findings of a file are reported at once.
public record Finding(RuleCode code, Location location, String message, List<Location> related) {

    public Finding {
        related = List.copyOf(related);
    }

    public Finding(RuleCode code, Location location, String message) {
        this(code, location, message, List.of());
    }

    public boolean isError() {
        return code.severity() == Severity.ERROR;
    }

    /// `SP1xxx` errors refuse an object at the door; other errors withhold the smallest part of a stored one.
    public boolean isRefusal() {
        return isError() && code.id().startsWith("SP1");
    }
}
