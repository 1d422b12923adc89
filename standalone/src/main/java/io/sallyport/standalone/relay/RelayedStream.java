package io.sallyport.standalone.relay;

import com.google.common.util.concurrent.MoreExecutors;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.sallyport.translation.ResourceType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// One call of Envoy's. It is passed on to the service behind; what Envoy accepts of the answers is kept. While the
/// service has not answered this call at all (it cannot be reached, or says nothing for a second to an Envoy that has
/// nothing yet), what is kept answers instead.
///
/// When the service is back the call is ended. Envoy opens it anew at once and says what it has, so that the service
/// sends what differs and nothing else. All turns of a stream run one after the other.
final class RelayedStream implements StreamObserver<DeltaDiscoveryRequest> {

    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final int MAX_ASKED = 10_000;
    private static final String OURS = "kept-";
    private static final String EVERYTHING = "*";

    private final ServerCallStreamObserver<DeltaDiscoveryResponse> envoy;
    private final ServiceBehind behind;
    private final KeptResources kept;
    private final Executor turns;
    // What was asked before the service has answered, to be answered by others or asked again.
    private final List<DeltaDiscoveryRequest> asked = new ArrayList<>();
    private final Map<String, DeltaDiscoveryResponse> unsettled = new HashMap<>();
    private final Set<ResourceType> known = EnumSet.noneOf(ResourceType.class);
    // Of types that Envoy asks for as a whole and had nothing of: what it was told since.
    private final Map<ResourceType, Set<String>> told = new EnumMap<>(ResourceType.class);
    private @Nullable Answers service;
    // Asked for the first time since the Envoy started: it has nothing yet.
    private boolean isCold = true;
    private boolean isBegun;
    private boolean isAnswered;
    private boolean isKept;
    private boolean isOver;
    private int responses;

    RelayedStream(
            ServerCallStreamObserver<DeltaDiscoveryResponse> envoy,
            ServiceBehind behind,
            KeptResources kept,
            Executor executor) {
        this.envoy = envoy;
        this.behind = behind;
        this.kept = kept;
        this.turns = MoreExecutors.newSequentialExecutor(executor);
    }

    void begin() {
        envoy.setOnCancelHandler(() -> turns.execute(this::finish));
        behind.after(PATIENCE, () -> turns.execute(this::patienceIsOver));
    }

    // The call to the service. An answer of one that was replaced counts no more.
    private final class Answers implements StreamObserver<DeltaDiscoveryResponse> {

        private @Nullable StreamObserver<DeltaDiscoveryRequest> requests;

        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            turns.execute(() -> answer(this, response));
        }

        @Override
        public void onError(Throwable error) {
            turns.execute(() -> lose(this, Status.fromThrowable(error)));
        }

        @Override
        public void onCompleted() {
            turns.execute(() -> lose(this, Status.UNAVAILABLE.withDescription("the service ended the call")));
        }
    }

    private void openService() {
        if (isOver || service != null) {
            return;
        }
        if (!isKept) {
            behind.noLongerMissedBy(this);
        }
        var answers = new Answers();
        service = answers;
        answers.requests = behind.open(answers);
        asked.forEach(this::pass);
    }

    private void pass(DeltaDiscoveryRequest request) {
        if (service != null && service.requests != null) {
            service.requests.onNext(request);
        }
    }

    @Override
    public void onNext(DeltaDiscoveryRequest request) {
        turns.execute(() -> ask(request));
    }

    private void ask(DeltaDiscoveryRequest original) {
        if (isOver) {
            return;
        }
        var request = original;
        if (request.getResponseNonce().startsWith(OURS)) {
            request =
                    request.toBuilder().clearResponseNonce().clearErrorDetail().build();
            if (request.getResourceNamesSubscribeCount() == 0 && request.getResourceNamesUnsubscribeCount() == 0) {
                return;
            }
        } else if (!request.getResponseNonce().isEmpty()) {
            settle(request);
        }
        isCold &= request.getInitialResourceVersionsCount() == 0;
        var type = ResourceType.of(request.getTypeUrl());
        var isWhole = type.isPresent() && isWhole(request, known.add(type.get()));
        if (type.isPresent()) {
            request.getResourceNamesUnsubscribeList().forEach(name -> kept.remove(type.get(), name));
            if (isWhole && request.getInitialResourceVersionsCount() == 0) {
                told.put(type.get(), new HashSet<>());
            }
        }
        if (!isAnswered) {
            if (asked.size() >= MAX_ASKED) {
                end(Status.RESOURCE_EXHAUSTED.withDescription("too much is asked (expected: an answer in between)"));
                return;
            }
            asked.add(request);
        }
        if (isBegun) {
            pass(request);
        } else {
            isBegun = true;
            openService();
        }
        if (isKept && type.isPresent()) {
            answerFromKept(request, type.get(), isWhole);
        }
    }

    // The first word about a type that names nothing asks for everything.
    private static boolean isWhole(DeltaDiscoveryRequest request, boolean isFirst) {
        return request.getResourceNamesSubscribeList().contains(EVERYTHING)
                || (isFirst && request.getResourceNamesSubscribeCount() == 0);
    }

    // What Envoy refused is not worth keeping: the last version that it took is.
    private void settle(DeltaDiscoveryRequest request) {
        var response = unsettled.remove(request.getResponseNonce());
        if (response == null || request.hasErrorDetail()) {
            return;
        }
        ResourceType.of(response.getTypeUrl()).ifPresent(type -> {
            response.getResourcesList().forEach(resource -> kept.put(type, resource));
            response.getRemovedResourcesList().forEach(name -> kept.remove(type, name));
            var names = told.get(type);
            if (names != null) {
                // This Envoy began with nothing: what it was not told is from before.
                response.getResourcesList().forEach(resource -> names.add(resource.getName()));
                kept.retain(type, names);
            }
        });
    }

    private void answer(Answers from, DeltaDiscoveryResponse response) {
        if (isOver || from != service) {
            return;
        }
        if (isKept) {
            end(Status.UNAVAILABLE.withDescription("the service is back (expected: call again)"));
            return;
        }
        isAnswered = true;
        asked.clear();
        unsettled.put(response.getNonce(), response);
        envoy.onNext(response);
    }

    private void lose(Answers from, Status status) {
        if (isOver || from != service) {
            return;
        }
        service = null;
        if (isAnswered || status.getCode() != Status.Code.UNAVAILABLE) {
            end(status);
        } else if (isCold && !isKept) {
            beKept();
        } else {
            // An Envoy that runs has what it needs, and waits here: its own tries would become rare.
            behind.missedBy(this);
        }
    }

    private void patienceIsOver() {
        if (!isOver && !isAnswered && !isKept && isCold && !asked.isEmpty()) {
            beKept();
        }
    }

    private void beKept() {
        isKept = true;
        behind.missedBy(this);
        var wholes = EnumSet.noneOf(ResourceType.class);
        for (var request : asked) {
            ResourceType.of(request.getTypeUrl())
                    .ifPresent(type -> answerFromKept(request, type, isWhole(request, wholes.add(type))));
        }
    }

    // An Envoy that would have no listeners goes on waiting: it must not claim to be of use. A secret is always
    // answered,
    // since silence would hold up all ports.
    private void answerFromKept(DeltaDiscoveryRequest request, ResourceType type, boolean isWhole) {
        if (type != ResourceType.SECRET && !kept.hasListeners()) {
            return;
        }
        var response = DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(type.url())
                .setSystemVersionInfo("kept")
                .setNonce(OURS + ++responses);
        if (isWhole) {
            response.addAllResources(kept.all(type));
        } else if (request.getResourceNamesSubscribeCount() == 0) {
            return;
        }
        for (var name : request.getResourceNamesSubscribeList()) {
            if (!name.equals(EVERYTHING) && !isWhole) {
                kept.find(type, name).ifPresentOrElse(response::addResources, () -> {
                    // No Envoy is ever told that its connection managers are gone (decision 50).
                    if (type != ResourceType.EXTENSIONS) {
                        response.addRemovedResources(name);
                    }
                });
            }
        }
        envoy.onNext(response.build());
    }

    /// The service can be reached again.
    void serviceIsBack() {
        turns.execute(this::openService);
    }

    @Override
    public void onError(Throwable error) {
        turns.execute(this::finish);
    }

    @Override
    public void onCompleted() {
        turns.execute(() -> end(Status.OK));
    }

    private void end(Status status) {
        if (isOver) {
            return;
        }
        finish();
        if (status.isOk()) {
            envoy.onCompleted();
        } else {
            envoy.onError(status.asRuntimeException());
        }
    }

    private void finish() {
        if (isOver) {
            return;
        }
        isOver = true;
        behind.noLongerMissedBy(this);
        asked.clear();
        unsettled.clear();
        if (service != null && service.requests != null) {
            service.requests.onError(Status.CANCELLED.asRuntimeException());
        }
        service = null;
    }
}
