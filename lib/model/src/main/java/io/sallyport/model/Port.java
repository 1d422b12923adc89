package io.sallyport.model;

/// A port of a Gateway server or of a Sidecar listener: number, protocol and name.
public record Port(
        @Required @Unsigned int number,
        @Required String protocol,
        @Required String name,
        @DeprecatedField @Unsigned int targetPort) {}
