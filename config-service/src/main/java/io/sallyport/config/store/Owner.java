package io.sallyport.config.store;

import java.util.Locale;

/// Where an object comes from. Only its owner may change or delete it, so that two sources never fight over one.
public enum Owner {
    DIRECTORY,
    KUBERNETES,
    API;

    /// As it travels and is stored: `directory`.
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Owner of(String text) {
        for (var owner : values()) {
            if (owner.text().equals(text)) {
                return owner;
            }
        }
        throw new IllegalArgumentException("owner \"" + text + "\" (expected: directory, kubernetes or api)");
    }

    @Override
    public String toString() {
        return text();
    }
}
