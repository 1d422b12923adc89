package io.sallyport.standalone;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.SourceDocument;
import io.sallyport.model.read.YamlReader;
import org.jspecify.annotations.Nullable;

/// The one reader, as xds-service asks for it.
final class XdsReader {

    private static final YamlReader READER = new YamlReader();

    private XdsReader() {}

    static @Nullable ConfigObject<?> read(SourceDocument document) {
        return READER.readDocument(document).object();
    }
}
