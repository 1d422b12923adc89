package io.sallyport.images;

import java.nio.file.Path;

/// What an image stands on.
sealed interface Base {

    /// An image of a registry with a Java of its own, `eclipse-temurin:25-jre` say.
    record Registry(String reference) implements Base {}

    /// Nothing but the files of a folder, which holds a Java at `opt/java` and the libraries that it needs.
    record Folder(Path root) implements Base {}
}
