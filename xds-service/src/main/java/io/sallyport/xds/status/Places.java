package io.sallyport.xds.status;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Origin;
import io.sallyport.proto.config.v1.Location;
import io.sallyport.proto.config.v1.ResourceRef;
import java.util.List;

/// Says where the objects behind a resource were written.
final class Places {

    private Places() {}

    static List<Location> of(List<Origin> origins, ConfigImage image) {
        return origins.stream().map(origin -> place(origin, image)).toList();
    }

    private static Location place(Origin origin, ConfigImage image) {
        var ref = origin.object();
        var place = Location.newBuilder()
                .setRef(ResourceRef.newBuilder()
                        .setKind(ref.kind().text())
                        .setNamespace(ref.namespace())
                        .setName(ref.name()))
                .setPath(origin.path().toString());
        image.find(ref).ifPresent(object -> place.setFile(object.source().name()));
        return place.build();
    }
}
