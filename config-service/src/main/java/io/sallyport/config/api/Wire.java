package io.sallyport.config.api;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.sallyport.config.store.Change;
import io.sallyport.config.store.HistoryEntry;
import io.sallyport.config.store.Outcome;
import io.sallyport.config.store.StoredObject;
import io.sallyport.model.Finding;
import io.sallyport.model.Kind;
import io.sallyport.model.Location;
import io.sallyport.model.ObjectRef;
import io.sallyport.proto.config.v1.ApplyResponse;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.config.v1.RevisionEntry;
import java.time.Instant;

/// Spells our values in the words of `config.proto`.
public final class Wire {

    private Wire() {}

    static ResourceRef ref(ObjectRef ref) {
        return ResourceRef.newBuilder()
                .setKind(ref.kind().text())
                .setNamespace(ref.namespace())
                .setName(ref.name())
                .build();
    }

    static Resource resource(StoredObject object) {
        var age = object.age();
        var source = object.source();
        return Resource.newBuilder()
                .setRef(ref(object.ref()))
                .setSourceText(source.text())
                .setSourceName(source.name())
                .setFirstLine(source.firstLine())
                .setDigest(source.digest())
                .setAge(io.sallyport.proto.config.v1.Age.newBuilder()
                        .setCreated(time(age.created()))
                        .setRevision(age.revision())
                        .setPath(age.path())
                        .setIndex(age.index()))
                .setOwner(object.owner().text())
                .setRevision(object.revision())
                .build();
    }

    static Timestamp time(Instant time) {
        return Timestamp.newBuilder()
                .setSeconds(time.getEpochSecond())
                .setNanos(time.getNano())
                .build();
    }

    static io.sallyport.proto.config.v1.Finding finding(Finding finding) {
        var wire = io.sallyport.proto.config.v1.Finding.newBuilder()
                .setCode(finding.code().id())
                .setSeverity(
                        switch (finding.code().severity()) {
                            case ERROR -> io.sallyport.proto.config.v1.Finding.Severity.ERROR;
                            case WARNING -> io.sallyport.proto.config.v1.Finding.Severity.WARNING;
                            case INFO -> io.sallyport.proto.config.v1.Finding.Severity.INFO;
                        })
                .setLocation(location(finding.location()))
                .setMessage(finding.message());
        finding.related().forEach(place -> wire.addRelated(location(place)));
        return wire.build();
    }

    private static io.sallyport.proto.config.v1.Location location(Location location) {
        var wire = io.sallyport.proto.config.v1.Location.newBuilder()
                .setPath(location.path().toString())
                .setFile(location.file())
                .setLine(location.line())
                .setColumn(location.column());
        var object = location.object();
        if (object != null) {
            wire.setRef(ref(object));
        }
        return wire.build();
    }

    static io.sallyport.proto.config.v1.Change change(Change change) {
        return io.sallyport.proto.config.v1.Change.newBuilder()
                .setVerb(
                        switch (change.verb()) {
                            case CREATED -> io.sallyport.proto.config.v1.Change.Verb.CREATED;
                            case CHANGED -> io.sallyport.proto.config.v1.Change.Verb.CHANGED;
                            case MOVED -> io.sallyport.proto.config.v1.Change.Verb.MOVED;
                            case DELETED -> io.sallyport.proto.config.v1.Change.Verb.DELETED;
                            case UNCHANGED -> io.sallyport.proto.config.v1.Change.Verb.UNCHANGED;
                        })
                .setRef(ref(change.ref()))
                .build();
    }

    static ApplyResponse response(Outcome.Accepted accepted) {
        var response =
                ApplyResponse.newBuilder().setRevision(accepted.revision()).setDryRun(accepted.dryRun());
        accepted.changes().forEach(change -> response.addChanges(change(change)));
        accepted.findings().forEach(finding -> response.addFindings(finding(finding)));
        return response.build();
    }

    /// An answer as it is sent and kept.
    public static ByteString answer(Outcome.Accepted accepted) {
        return response(accepted).toByteString();
    }

    static RevisionEntry entry(HistoryEntry entry) {
        var wire = RevisionEntry.newBuilder()
                .setRevision(entry.header().number())
                .setTime(time(entry.header().time()))
                .setAuthor(entry.header().author())
                .setMessage(entry.header().message());
        entry.changes().forEach(change -> wire.addChanges(change(change)));
        return wire.build();
    }

    /// Reads a reference as a caller gave it; an absent namespace is `default`.
    static ObjectRef ref(ResourceRef ref) throws RefusedException {
        var kind = Kind.of(ref.getKind())
                .orElseThrow(() -> new RefusedException(
                        "kind \"" + ref.getKind() + "\" is not known (expected: a kind such as \"VirtualService\")"));
        if (ref.getName().isEmpty()) {
            throw new RefusedException("a " + kind + " without a name (expected: ref.name)");
        }
        return new ObjectRef(kind, ref.getNamespace().isEmpty() ? "default" : ref.getNamespace(), ref.getName());
    }
}
