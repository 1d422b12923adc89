package io.sallyport.cli.server;

import com.google.protobuf.Any;
import com.google.protobuf.Timestamp;
import com.google.rpc.Status;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.sallyport.proto.config.v1.ApplyRequest;
import io.sallyport.proto.config.v1.ApplyResponse;
import io.sallyport.proto.config.v1.Change;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.DeleteRequest;
import io.sallyport.proto.config.v1.Finding;
import io.sallyport.proto.config.v1.Findings;
import io.sallyport.proto.config.v1.GetRequest;
import io.sallyport.proto.config.v1.GetResponse;
import io.sallyport.proto.config.v1.HistoryRequest;
import io.sallyport.proto.config.v1.HistoryResponse;
import io.sallyport.proto.config.v1.ListRequest;
import io.sallyport.proto.config.v1.ListResponse;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.config.v1.RevisionEntry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A config-service that keeps everything in memory and judges nothing, except what a test tells it to refuse.
public final class FakeConfigService extends ConfigServiceGrpc.ConfigServiceImplBase {

    private static final Timestamp TIME =
            Timestamp.newBuilder().setSeconds(1_767_323_045L).build();
    private static final int PAGE = 2;

    private final Map<ResourceRef, Resource> objects = new LinkedHashMap<>();
    private final List<RevisionEntry> history = new ArrayList<>();
    private final List<Finding> refusal = new ArrayList<>();
    private final List<Finding> warnings = new ArrayList<>();

    /// From now on every change is refused for this reason.
    public void refuse(Finding finding) {
        refusal.add(finding);
    }

    /// From now on every change is accepted with this finding.
    public void warn(Finding finding) {
        warnings.add(finding);
    }

    public Map<ResourceRef, Resource> objects() {
        return objects;
    }

    public List<RevisionEntry> history() {
        return history;
    }

    private long head() {
        return history.size();
    }

    @Override
    public void apply(ApplyRequest request, StreamObserver<ApplyResponse> observer) {
        if (!refusal.isEmpty()) {
            observer.onError(StatusProto.toStatusRuntimeException(Status.newBuilder()
                    .setCode(io.grpc.Status.Code.INVALID_ARGUMENT.value())
                    .setMessage("refused")
                    .addDetails(Any.pack(
                            Findings.newBuilder().addAllFindings(refusal).build()))
                    .build()));
            return;
        }
        if (request.hasExpectedRevision() && request.getExpectedRevision() != head()) {
            observer.onError(io.grpc.Status.ABORTED
                    .withDescription(
                            "expected revision " + request.getExpectedRevision() + ", but the newest is " + head())
                    .asRuntimeException());
            return;
        }
        var changes = new ArrayList<Change>();
        request.getDeletesList()
                .forEach(ref -> changes.add(
                        change(ref, objects.containsKey(ref) ? Change.Verb.DELETED : Change.Verb.UNCHANGED)));
        request.getUpsertsList().forEach(resource -> changes.add(change(resource.getRef(), verb(resource))));
        if (!request.getDryRun()) {
            request.getDeletesList().forEach(objects::remove);
            request.getUpsertsList()
                    .forEach(resource -> objects.put(
                            resource.getRef(),
                            resource.toBuilder()
                                    .setRevision(head() + 1)
                                    .setOwner("api")
                                    .build()));
            history.add(RevisionEntry.newBuilder()
                    .setRevision(head() + 1)
                    .setTime(TIME)
                    .setAuthor("api token")
                    .setMessage(request.getMessage())
                    .addAllChanges(changes)
                    .build());
        }
        observer.onNext(ApplyResponse.newBuilder()
                .setRevision(head())
                .addAllChanges(changes)
                .addAllFindings(warnings)
                .setDryRun(request.getDryRun())
                .build());
        observer.onCompleted();
    }

    private Change.Verb verb(Resource resource) {
        var before = objects.get(resource.getRef());
        if (before == null) {
            return Change.Verb.CREATED;
        }
        return before.getSourceText().equals(resource.getSourceText()) ? Change.Verb.UNCHANGED : Change.Verb.CHANGED;
    }

    private static Change change(ResourceRef ref, Change.Verb verb) {
        return Change.newBuilder().setRef(ref).setVerb(verb).build();
    }

    @Override
    public void delete(DeleteRequest request, StreamObserver<ApplyResponse> observer) {
        var apply = ApplyRequest.newBuilder()
                .addAllDeletes(request.getRefsList())
                .setDryRun(request.getDryRun())
                .setMessage(request.getMessage());
        if (request.hasExpectedRevision()) {
            apply.setExpectedRevision(request.getExpectedRevision());
        }
        apply(apply.build(), observer);
    }

    @Override
    public void get(GetRequest request, StreamObserver<GetResponse> observer) {
        var resource = objects.get(request.getRef());
        if (resource == null) {
            var ref = request.getRef();
            observer.onError(io.grpc.Status.NOT_FOUND
                    .withDescription(ref.getKind() + " " + ref.getNamespace() + "/" + ref.getName() + " does not exist")
                    .asRuntimeException());
            return;
        }
        observer.onNext(GetResponse.newBuilder().setResource(resource).build());
        observer.onCompleted();
    }

    @Override
    public void list(ListRequest request, StreamObserver<ListResponse> observer) {
        var from = request.getPageToken().isEmpty() ? 0 : Integer.parseInt(request.getPageToken());
        var all = objects.values().stream()
                .filter(resource -> request.getKind().isEmpty()
                        || resource.getRef().getKind().equals(request.getKind()))
                .filter(resource -> request.getNamespace().isEmpty()
                        || resource.getRef().getNamespace().equals(request.getNamespace()))
                .toList();
        var to = Math.min(all.size(), from + PAGE);
        observer.onNext(ListResponse.newBuilder()
                .addAllResources(all.subList(from, to))
                .setNextPageToken(to < all.size() ? String.valueOf(to) : "")
                .setRevision(head())
                .build());
        observer.onCompleted();
    }

    @Override
    public void history(HistoryRequest request, StreamObserver<HistoryResponse> observer) {
        observer.onNext(HistoryResponse.newBuilder()
                .addAllRevisions(history.reversed().stream()
                        .filter(entry -> !request.hasRef()
                                || entry.getChangesList().stream()
                                        .anyMatch(change -> change.getRef().equals(request.getRef())))
                        .toList())
                .build());
        observer.onCompleted();
    }
}
