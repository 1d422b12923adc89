package io.sallyport.egress.api;

import io.sallyport.analysis.CheckedImage;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Origin;
import io.sallyport.model.read.Positions;
import io.sallyport.proto.config.v1.Location;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.egress.v1.Cell;
import io.sallyport.proto.egress.v1.Client;
import io.sallyport.proto.egress.v1.Contradiction;
import io.sallyport.proto.egress.v1.Door;
import io.sallyport.proto.egress.v1.Protocol;
import io.sallyport.proto.egress.v1.Reason;
import io.sallyport.proto.egress.v1.Symptom;
import io.sallyport.proto.egress.v1.Verdict;
import io.sallyport.proto.egress.v1.Way;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.egress.Coverage;
import io.sallyport.translation.egress.Errand;

/// Spells verdicts for the wire, with the lines that their origins have in the sources of one image.
final class Wire {

    private final CheckedImage image;
    private final Positions positions = new Positions();

    Wire(CheckedImage image) {
        this.image = image;
    }

    Verdict verdict(io.sallyport.translation.egress.Verdict verdict) {
        var out = Verdict.newBuilder().setReason(reason(verdict.reason()));
        switch (verdict) {
            case io.sallyport.translation.egress.Verdict.Direct direct -> {
                out.setWay(Way.DIRECT).setByDefault(direct.byDefault());
                direct.nearest().forEach(miss -> out.addNearest(reason(miss)));
            }
            case io.sallyport.translation.egress.Verdict.ThroughGateway through ->
                out.setWay(Way.GATEWAY).setGateway(through.gateway()).setOnward(reason(through.onward()));
            case io.sallyport.translation.egress.Verdict.Blocked blocked -> {
                out.setWay(Way.BLOCKED)
                        .setSymptom(Symptom.newBuilder()
                                .setStatus(blocked.symptom().status())
                                .setFlags(blocked.symptom().flags())
                                .setText(blocked.symptom().text()));
                blocked.gateway().ifPresent(out::setGateway);
                blocked.nearest().forEach(miss -> out.addNearest(reason(miss)));
            }
        }
        return out.build();
    }

    Reason reason(io.sallyport.translation.egress.Reason reason) {
        var out = Reason.newBuilder().setText(reason.text());
        reason.origin().ifPresent(origin -> out.setLocation(location(origin)));
        return out.build();
    }

    // Of what an EgressPolicy stands for, people are shown the policy.
    Location location(Origin made) {
        var origin = image.written(made);
        var out = Location.newBuilder()
                .setRef(ref(origin.object()))
                .setPath(origin.path().toString());
        image.image().find(origin.object()).ifPresent(object -> {
            var place = positions.locate(object.source(), origin.path(), origin.object());
            out.setFile(object.source().name()).setLine(place.line()).setColumn(place.column());
        });
        return out.build();
    }

    Cell cell(Coverage.Cell cell) {
        var out = Cell.newBuilder()
                .setClient(client(cell.client()))
                .setDoor(door(cell.door()))
                .setHost(cell.place().host())
                .setPort(cell.place().port())
                .setProtocol(protocol(cell.place().protocol()))
                .setVerdict(verdict(cell.verdict()));
        for (var contradiction : cell.contradictions()) {
            var said = Contradiction.newBuilder()
                    .setKind(
                            switch (contradiction.sort()) {
                                case LEAK -> Contradiction.Kind.LEAK;
                                case DEAD_END -> Contradiction.Kind.DEAD_END;
                                case SHADOWED -> Contradiction.Kind.SHADOWED;
                                case MISROUTED -> Contradiction.Kind.MISROUTED;
                            })
                    .setText(contradiction.text());
            contradiction.reasons().forEach(reason -> said.addReasons(reason(reason)));
            out.addContradictions(said);
        }
        return out.build();
    }

    static ResourceRef ref(ObjectRef ref) {
        return ResourceRef.newBuilder()
                .setKind(ref.kind().text())
                .setNamespace(ref.namespace())
                .setName(ref.name())
                .build();
    }

    static Client client(ProxyClass client) {
        return Client.newBuilder()
                .setNamespace(client.namespace())
                .setName(client.name())
                .putAllLabels(client.labels())
                .build();
    }

    static Door door(io.sallyport.translation.egress.Door door) {
        return switch (door) {
            case REDIRECTED -> Door.REDIRECTED;
            case HTTP_PROXY -> Door.HTTP_PROXY;
            case LOCAL_PORT -> Door.LOCAL_PORT;
        };
    }

    static Protocol protocol(Errand.Protocol protocol) {
        return switch (protocol) {
            case HTTP -> Protocol.HTTP;
            case TLS -> Protocol.TLS;
            case TCP -> Protocol.TCP;
        };
    }
}
