package io.sallyport.xds.status;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.proto.xds.v1.Rejection;
import io.sallyport.xds.discovery.Refusal;

/// Tells a refusal to people: what was refused, why, and which objects it was made from.
final class Rejections {

    private Rejections() {}

    static Rejection of(Refusal refusal, ConfigImage image) {
        var resource = refusal.resource();
        return Rejection.newBuilder()
                .setType(resource.type().acronym())
                .setResource(resource.name())
                .setReason(refusal.reason())
                .setRevision(refusal.to())
                .setTime(Times.of(refusal.time()))
                .addAllSources(new Places(image, true).of(resource.origins()))
                .build();
    }
}
