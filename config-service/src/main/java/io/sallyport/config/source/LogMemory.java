package io.sallyport.config.source;

import com.google.common.hash.HashCode;
import io.sallyport.config.store.ConfigState;
import io.sallyport.config.store.Document;
import io.sallyport.config.store.DocumentReader;
import io.sallyport.config.store.Owner;
import io.sallyport.config.store.StoredObject;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Spares a start from parsing again what the log has parsed already: a file that holds one object, byte for byte as it
/// was accepted.
final class LogMemory implements FileContent.Memory {

    static final FileContent.Memory NOTHING = (relative, digest) -> Optional.empty();

    private final ConfigState state;
    private final Map<String, StoredObject> alone;

    private LogMemory(ConfigState state, Map<String, StoredObject> alone) {
        this.state = state;
        this.alone = alone;
    }

    static LogMemory of(ConfigState state) {
        var alone = new HashMap<String, StoredObject>();
        var several = new HashSet<String>();
        for (var object : state.objects().values()) {
            var file = object.source().name();
            if (object.owner() != Owner.DIRECTORY) {
                continue;
            }
            if (object.source().firstLine() != 1 || alone.put(file, object) != null) {
                several.add(file);
            }
        }
        several.forEach(alone::remove);
        return new LogMemory(state, alone);
    }

    @Override
    public Optional<DocumentReader.File> recall(String relative, HashCode digest) {
        var stored = alone.get(relative);
        if (stored == null || !stored.source().digest().equals(digest.toString())) {
            return Optional.empty();
        }
        return state.image()
                .find(stored.ref())
                .map(object -> new Document(object.source(), Optional.of(object.ref()), Optional.of(object), List.of()))
                .map(document -> new DocumentReader.File(List.of(document), List.of()));
    }
}
