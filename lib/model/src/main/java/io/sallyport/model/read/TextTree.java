package io.sallyport.model.read;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A document as a tree, and what was wrong on the way. `root` is absent for an empty document.
record TextTree(@Nullable Node root, List<Problem> problems) {

    /// Reads the text of one document, which starts on line `firstLine` of its file.
    static TextTree parse(String name, String text, int firstLine) throws UnreadableException {
        return isJson(name) ? new JsonParser(text, firstLine).parse() : new YamlComposer(text, firstLine).compose();
    }

    static boolean isJson(String name) {
        return name.endsWith(".json");
    }
}
