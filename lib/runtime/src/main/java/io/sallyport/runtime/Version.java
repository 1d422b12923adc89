package io.sallyport.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;

/// Which Sallyport this is: `0.1.0`.
public final class Version {

    private static final String CURRENT = read();

    private Version() {}

    public static String current() {
        return CURRENT;
    }

    private static String read() {
        try (var in = Version.class.getResourceAsStream("/sallyport-version.properties")) {
            if (in == null) {
                throw new IllegalStateException("sallyport-version.properties is not on the class path");
            }
            var properties = new Properties();
            properties.load(in);
            return properties.getProperty("version", "unknown");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
