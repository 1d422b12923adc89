package io.sallyport.translation.validation;

/// One thing that Envoy would refuse: the path of the field in the message, and what was expected of it.
/// `virtual_hosts[2].routes[0].match.path_specifier` `is required`.
public record Violation(String field, String reason) {

    @Override
    public String toString() {
        return field + " " + reason;
    }
}
