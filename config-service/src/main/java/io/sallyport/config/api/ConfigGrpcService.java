package io.sallyport.config.api;

import com.google.common.hash.Hashing;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.Code;
import io.grpc.BindableService;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.api.trace.Tracer;
import io.sallyport.config.store.ChangeRequest;
import io.sallyport.config.store.DocumentReader;
import io.sallyport.config.store.HistoryEntry;
import io.sallyport.config.store.Outcome;
import io.sallyport.config.store.Owner;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.config.store.StoreDamagedException;
import io.sallyport.config.store.StoreUnavailableException;
import io.sallyport.config.store.StoredObject;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.ObjectRef;
import io.sallyport.proto.config.v1.ApplyRequest;
import io.sallyport.proto.config.v1.ApplyResponse;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.DeleteRequest;
import io.sallyport.proto.config.v1.GetRequest;
import io.sallyport.proto.config.v1.GetResponse;
import io.sallyport.proto.config.v1.HistoryRequest;
import io.sallyport.proto.config.v1.HistoryResponse;
import io.sallyport.proto.config.v1.ListRequest;
import io.sallyport.proto.config.v1.ListResponse;
import io.sallyport.proto.config.v1.Refusal;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.config.v1.RevisionEntry;
import io.sallyport.proto.config.v1.StatusRequest;
import io.sallyport.proto.config.v1.StatusResponse;
import io.sallyport.proto.config.v1.ValidateRequest;
import io.sallyport.proto.config.v1.ValidateResponse;
import io.sallyport.proto.config.v1.WatchRequest;
import io.sallyport.proto.config.v1.WatchResponse;
import io.sallyport.runtime.telemetry.TracedCalls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// `sallyport.config.v1.ConfigService`: reads requests, asks the log, spells answers.
public final class ConfigGrpcService extends ConfigServiceGrpc.ConfigServiceImplBase implements AutoCloseable {

    private static final int MAX_REQUEST_BYTES = 4 << 20;
    private static final int MAX_APPLY_BYTES = 64 << 20;
    private static final int PAGE_BYTES = 3 << 20;
    private static final int MAX_PAGE = 1_000;
    private static final int HISTORY_PAGE = 50;
    private static final int MAX_HISTORY_PAGE = 200;
    private final RevisionLog log;
    private final Submissions submissions;
    private final Refusals refusals;
    private final Watchers watchers;
    private final InstantSource clock;
    private final Instant started;
    private final Tracer tracer;

    public ConfigGrpcService(
            RevisionLog log,
            DocumentReader reader,
            Refusals refusals,
            WatchBounds bounds,
            InstantSource clock,
            Tracer tracer) {
        this.tracer = tracer;
        this.log = log;
        this.submissions = new Submissions(reader);
        this.refusals = refusals;
        this.watchers = new Watchers(log, bounds);
        this.clock = clock;
        this.started = clock.instant();
    }

    /// What a server serves: this service, with each caller noted and each change traced.
    public BindableService bound() {
        return new BindableService() {
            @Override
            public ServerServiceDefinition bindService() {
                return ServerInterceptors.intercept(
                        ConfigGrpcService.this,
                        new TracedCalls(tracer, Set.of("Apply", "Delete")),
                        Caller.interceptor());
            }
        };
    }

    /// How many watches are open.
    public int watches() {
        return watchers.count();
    }

    private interface Work<R> {
        R answer() throws RefusedException, StoreUnavailableException, StoreDamagedException, InterruptedException;
    }

    // The one mapping of failures to statuses.
    private static <R> void answer(Message request, int maxBytes, StreamObserver<R> observer, Work<R> work) {
        try {
            if (request.getSerializedSize() > maxBytes) {
                throw Failures.status(
                        Code.RESOURCE_EXHAUSTED,
                        "request of " + request.getSerializedSize() + " bytes (expected: at most " + maxBytes + ")");
            }
            var response = work.answer();
            observer.onNext(response);
            observer.onCompleted();
        } catch (RefusedException e) {
            observer.onError(Failures.refused(e, Caller.current().detailBytes()));
        } catch (StoreUnavailableException e) {
            observer.onError(Failures.status(Code.UNAVAILABLE, String.valueOf(e.getMessage())));
        } catch (StoreDamagedException e) {
            observer.onError(Failures.status(Code.DATA_LOSS, String.valueOf(e.getMessage())));
        } catch (StatusRuntimeException e) {
            observer.onError(e);
        } catch (InterruptedException e) {
            observer.onError(Failures.status(Code.CANCELLED, "the call was cancelled"));
        }
    }

    @Override
    public void apply(ApplyRequest request, StreamObserver<ApplyResponse> observer) {
        answer(request, MAX_APPLY_BYTES, observer, () -> {
            Submissions.checkText("message", request.getMessage());
            var upserts = submissions.objects(request.getUpsertsList());
            return submit(
                    upserts,
                    refs(request.getDeletesList()),
                    request.getMessage(),
                    request.hasExpectedRevision()
                            ? OptionalLong.of(request.getExpectedRevision())
                            : OptionalLong.empty(),
                    request.getDryRun(),
                    id(
                            request.getRequestId(),
                            request.toBuilder().clearRequestId().build()));
        });
    }

    @Override
    public void delete(DeleteRequest request, StreamObserver<ApplyResponse> observer) {
        answer(request, MAX_REQUEST_BYTES, observer, () -> {
            Submissions.checkText("message", request.getMessage());
            return submit(
                    List.of(),
                    refs(request.getRefsList()),
                    request.getMessage(),
                    request.hasExpectedRevision()
                            ? OptionalLong.of(request.getExpectedRevision())
                            : OptionalLong.empty(),
                    request.getDryRun(),
                    id(
                            request.getRequestId(),
                            request.toBuilder().clearRequestId().build()));
        });
    }

    private ApplyResponse submit(
            List<ConfigObject<?>> upserts,
            List<ObjectRef> deletes,
            String message,
            OptionalLong expected,
            boolean dryRun,
            Optional<ChangeRequest.Id> id)
            throws StoreUnavailableException, InterruptedException {
        var visible = Visible.current();
        visible.requireChange(upserts, deletes);
        var outcome = log.submit(new ChangeRequest(
                Owner.API, Caller.current().author(), message, upserts, deletes, expected, dryRun, id));
        Failures.of(outcome).ifPresent(failure -> {
            throw failure;
        });
        return shown(response(outcome), visible);
    }

    private static ApplyResponse shown(ApplyResponse response, Visible visible) {
        if (visible.isEverything()) {
            return response;
        }
        var shown = response.toBuilder().clearFindings();
        response.getFindingsList().forEach(finding -> visible.shown(finding).ifPresent(shown::addFindings));
        return shown.build();
    }

    private static ApplyResponse response(Outcome outcome) {
        if (outcome instanceof Outcome.Accepted accepted) {
            return Wire.response(accepted);
        }
        if (outcome instanceof Outcome.Repeated repeated) {
            try {
                return ApplyResponse.parseFrom(repeated.response());
            } catch (InvalidProtocolBufferException e) {
                throw new UncheckedIOException(e);
            }
        }
        throw new IllegalStateException("No answer for " + outcome);
    }

    private static List<ObjectRef> refs(List<ResourceRef> refs) throws RefusedException {
        var result = new ArrayList<ObjectRef>();
        for (var ref : refs) {
            result.add(Wire.ref(ref));
        }
        return result;
    }

    private static Optional<ChangeRequest.Id> id(String id, Message content) throws RefusedException {
        if (id.isEmpty()) {
            return Optional.empty();
        }
        Submissions.checkId(id);
        var bytes = new byte[content.getSerializedSize()];
        var out = CodedOutputStream.newInstance(bytes);
        out.useDeterministicSerialization();
        try {
            content.writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Optional.of(
                new ChangeRequest.Id(id, Hashing.sha256().hashBytes(bytes).toString()));
    }

    @Override
    public void validate(ValidateRequest request, StreamObserver<ValidateResponse> observer) {
        answer(request, MAX_REQUEST_BYTES, observer, () -> {
            var response = ValidateResponse.newBuilder().setResources(request.getResourcesCount());
            var documents = submissions.documents(request.getResourcesList());
            documents.forEach(
                    document -> document.findings().forEach(finding -> response.addFindings(Wire.finding(finding))));
            var objects = documents.stream()
                    .filter(document -> !document.isRefused())
                    .<ConfigObject<?>>map(document -> document.object().orElseThrow())
                    .toList();
            if (!request.getAgainstHead()) {
                Submissions.checkTogether(objects).forEach(finding -> response.addFindings(Wire.finding(finding)));
                return response.build();
            }
            var visible = Visible.current();
            visible.requireChange(objects, List.of());
            var outcome = log.submit(new ChangeRequest(
                    Owner.API,
                    Caller.current().author(),
                    "",
                    objects,
                    List.of(),
                    OptionalLong.empty(),
                    true,
                    Optional.empty()));
            Failures.of(outcome).ifPresent(failure -> {
                throw failure;
            });
            return response.addAllFindings(shown(response(outcome), visible).getFindingsList())
                    .build();
        });
    }

    @Override
    public void get(GetRequest request, StreamObserver<GetResponse> observer) {
        answer(request, MAX_REQUEST_BYTES, observer, () -> {
            var ref = Wire.ref(request.getRef());
            var visible = Visible.current();
            visible.requireGet(ref);
            log.awaitJudged();
            var published = log.published();
            long head = published.state().revision();
            if (request.hasRevision() && (request.getRevision() < 0 || request.getRevision() > head)) {
                throw Failures.status(
                        Code.OUT_OF_RANGE,
                        "r" + request.getRevision() + " does not exist (expected: at most r" + head + ")");
            }
            var found = request.hasRevision() && request.getRevision() < head
                    ? log.find(ref, request.getRevision())
                    : published.state().find(ref);
            if (found.isEmpty()) {
                var when = request.hasRevision() ? " at r" + request.getRevision() : "";
                throw Failures.status(Code.NOT_FOUND, ref + " does not exist" + when);
            }
            var response = GetResponse.newBuilder().setResource(Wire.resource(found.get()));
            published.findings().stream()
                    .filter(finding -> ref.equals(finding.location().object()))
                    .forEach(finding -> visible.shown(Wire.finding(finding)).ifPresent(response::addFindings));
            return response.build();
        });
    }

    @Override
    public void list(ListRequest request, StreamObserver<ListResponse> observer) {
        answer(request, MAX_REQUEST_BYTES, observer, () -> {
            if (request.getPageSize() < 0) {
                throw new RefusedException(
                        "page_size: " + request.getPageSize() + " (expected: 0 to " + MAX_PAGE + ")");
            }
            var visible = Visible.current();
            visible.requireList(request.getKind(), request.getNamespace());
            int size = request.getPageSize() == 0 ? MAX_PAGE : Math.min(request.getPageSize(), MAX_PAGE);
            var state = log.published().state();
            var objects = request.getPageToken().isEmpty()
                    ? state.objects()
                    : state.objectsAfter(
                            PageToken.decode(request.getPageToken(), request.getKind(), request.getNamespace())
                                    .after());
            var response = ListResponse.newBuilder().setRevision(state.revision());
            fill(request, objects.values(), size, visible, response);
            return response.build();
        });
    }

    private static void fill(
            ListRequest request,
            Iterable<StoredObject> objects,
            int size,
            Visible visible,
            ListResponse.Builder response) {
        long bytes = 0;
        ObjectRef last = null;
        for (var object : objects) {
            var ref = object.ref();
            if ((!request.getKind().isEmpty()
                            && !request.getKind().equals(ref.kind().text()))
                    || (!request.getNamespace().isEmpty()
                            && !request.getNamespace().equals(ref.namespace()))
                    || !visible.shows(ref)) {
                continue;
            }
            if (last != null && (response.getResourcesCount() == size || bytes > PAGE_BYTES)) {
                response.setNextPageToken(new PageToken(request.getKind(), request.getNamespace(), last).encode());
                return;
            }
            var resource = Wire.resource(object);
            bytes += resource.getSerializedSize();
            response.addResources(resource);
            last = ref;
        }
    }

    @Override
    public void history(HistoryRequest request, StreamObserver<HistoryResponse> observer) {
        answer(request, MAX_REQUEST_BYTES, observer, () -> {
            if (request.getLimit() < 0) {
                throw new RefusedException(
                        "limit: " + request.getLimit() + " (expected: 0 to " + MAX_HISTORY_PAGE + ")");
            }
            int limit = request.getLimit() == 0 ? HISTORY_PAGE : Math.min(request.getLimit(), MAX_HISTORY_PAGE);
            var ref = request.hasRef() ? Optional.of(Wire.ref(request.getRef())) : Optional.<ObjectRef>empty();
            var before = request.hasBefore() ? request.getBefore() : Long.MAX_VALUE;
            var response = HistoryResponse.newBuilder();
            var visible = Visible.current();
            log.history(ref, before, limit)
                    .forEach(entry -> entry(entry, visible).ifPresent(response::addRevisions));
            return response.build();
        });
    }

    // What others changed is none of the caller's business, nor is their message.
    private static Optional<RevisionEntry> entry(HistoryEntry entry, Visible visible) {
        if (visible.isEverything()) {
            return Optional.of(Wire.entry(entry));
        }
        var shown = entry.changes().stream()
                .filter(change -> visible.shows(change.ref()))
                .toList();
        return shown.isEmpty() ? Optional.empty() : Optional.of(Wire.entry(new HistoryEntry(entry.header(), shown)));
    }

    @Override
    public void watch(WatchRequest request, StreamObserver<WatchResponse> observer) {
        long from = request.getFrom();
        if (from < 0) {
            observer.onError(Failures.status(Code.INVALID_ARGUMENT, "from: " + from + " (expected: 0 or a revision)"));
            return;
        }
        long head = log.published().state().revision();
        if (from > head) {
            // Another replica may be ahead of this one: look before saying no.
            head = log.catchUp();
        }
        if (from > head) {
            observer.onError(Failures.status(
                    Code.OUT_OF_RANGE, "r" + from + " does not exist (expected: at most r" + head + ")"));
            return;
        }
        watchers.start(Caller.current(), from, (ServerCallStreamObserver<WatchResponse>) observer);
    }

    @Override
    public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
        answer(request, MAX_REQUEST_BYTES, observer, () -> {
            log.awaitJudged();
            var visible = Visible.current();
            var published = log.published();
            var uptime = java.time.Duration.between(started, clock.instant());
            var response = StatusResponse.newBuilder()
                    .setRevision(published.state().revision())
                    .setResources(
                            visible.isEverything()
                                    ? published.state().size()
                                    : (int) published.state().objects().keySet().stream()
                                            .filter(visible::shows)
                                            .count())
                    .setUptime(com.google.protobuf.Duration.newBuilder()
                            .setSeconds(uptime.toSeconds())
                            .setNanos(uptime.toNanosPart()));
            for (var refusal : refusals.current()) {
                if (visible.isEverything() || refusal.ref().map(visible::shows).orElse(false)) {
                    response.addRefusals(refusal(refusal));
                }
            }
            published
                    .findings()
                    .forEach(finding -> visible.shown(Wire.finding(finding)).ifPresent(response::addFindings));
            return response.build();
        });
    }

    private static Refusal refusal(Refusals.Refusal refusal) {
        var wire = Refusal.newBuilder().setSourceName(refusal.sourceName()).setKeptRevision(refusal.keptRevision());
        refusal.ref().ifPresent(ref -> wire.setRef(Wire.ref(ref)));
        refusal.findings().forEach(finding -> wire.addFindings(Wire.finding(finding)));
        return wire.build();
    }

    /// Ends the watches.
    @Override
    public void close() {
        watchers.close();
    }
}
