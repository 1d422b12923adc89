package io.sallyport.xds.status;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Origin;
import io.sallyport.model.read.Positions;
import io.sallyport.proto.config.v1.Location;
import io.sallyport.proto.config.v1.ResourceRef;
import java.util.List;

/// Says where the objects behind a resource were written. Lines cost a reading of the document, so they are left out
/// where there are thousands of places.
final class Places {

    private final ConfigImage image;
    private final Positions positions = new Positions();
    private final boolean lines;

    Places(ConfigImage image, boolean lines) {
        this.image = image;
        this.lines = lines;
    }

    List<Location> of(List<Origin> origins) {
        return origins.stream().map(this::of).toList();
    }

    private Location of(Origin origin) {
        var ref = origin.object();
        var place = Location.newBuilder()
                .setRef(ResourceRef.newBuilder()
                        .setKind(ref.kind().text())
                        .setNamespace(ref.namespace())
                        .setName(ref.name()))
                .setPath(origin.path().toString());
        image.find(ref).ifPresent(object -> locate(origin, object, place));
        return place.build();
    }

    private void locate(Origin origin, ConfigObject<?> object, Location.Builder place) {
        place.setFile(object.source().name());
        if (lines) {
            var found = positions.locate(object.source(), origin.path(), origin.object());
            place.setLine(found.line()).setColumn(found.column());
        }
    }
}
