package io.sallyport.xds.status;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.sallyport.proto.xds.v1.AwaitLiveRequest;
import io.sallyport.proto.xds.v1.AwaitLiveResponse;
import io.sallyport.proto.xds.v1.Waiting;
import io.sallyport.runtime.identity.Access;
import io.sallyport.xds.discovery.Fleet;
import io.sallyport.xds.discovery.Refusal;
import io.sallyport.xds.discovery.StreamView;
import io.sallyport.xds.publish.Publisher;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;

/// Waits until a revision is live on every proxy, and says after each change who is still missing and why.
///
/// A proxy has a revision when it took every resource that the revision changed for its class; a revision that
/// changes nothing for a class is live at once. What a proxy refused of exactly that revision ends the wait
/// early.
final class Waits {

    private static final int MAX_WAITS = 256;
    private static final Duration DEFAULT = Duration.ofSeconds(30);
    private static final Duration LONGEST = Duration.ofMinutes(10);
    // A proxy that lost its stream this lately is about to come back.
    private static final Duration RETURNING = Duration.ofSeconds(30);
    private static final Duration PROBE_AGAIN = Duration.ofMillis(20);
    // After a start, proxies of an earlier process are on their way back: at most so long, and no longer than
    // it takes until no more of them come.
    private static final Duration SETTLING = Duration.ofSeconds(10);
    private static final Duration QUIET = Duration.ofSeconds(2);

    private final Publisher publisher;
    private final Fleet fleet;
    private final Proofs proofs;
    private final InstantSource clock;
    private final Instant started;
    private final Semaphore places = new Semaphore(MAX_WAITS);

    Waits(Publisher publisher, Fleet fleet, Proofs proofs, InstantSource clock) {
        this.publisher = publisher;
        this.fleet = fleet;
        this.proofs = proofs;
        this.clock = clock;
        this.started = clock.instant();
    }

    private record Standing(int live, int total, List<Waiting> waiting, boolean hopeless, boolean probing) {}

    void start(AwaitLiveRequest request, StreamObserver<AwaitLiveResponse> answer) {
        var timeout = request.hasTimeout() ? Times.of(request.getTimeout()) : DEFAULT;
        if (timeout.isNegative() || timeout.compareTo(LONGEST) > 0) {
            answer.onError(Status.INVALID_ARGUMENT
                    .withDescription("timeout: " + timeout + " (expected: 0 to " + LONGEST + ")")
                    .asRuntimeException());
            return;
        }
        if (!places.tryAcquire()) {
            answer.onError(Status.RESOURCE_EXHAUSTED
                    .withDescription("too many waits (expected: at most " + MAX_WAITS + ")")
                    .asRuntimeException());
            return;
        }
        var revision = request.getRevision() > 0 ? request.getRevision() : publisher.revision();
        Thread.ofVirtual().name("await-live").start(Context.current().wrap(() -> {
            try {
                run(revision, timeout, answer);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                places.release();
            }
        }));
    }

    private void run(long revision, Duration timeout, StreamObserver<AwaitLiveResponse> answer)
            throws InterruptedException {
        var started = clock.instant();
        AwaitLiveResponse last = AwaitLiveResponse.getDefaultInstance();
        while (!Context.current().isCancelled()) {
            long seen = fleet.moves();
            var now = clock.instant();
            var standing = standing(revision, now);
            var elapsed = Duration.between(started, now);
            boolean done = standing.waiting().isEmpty() || standing.hopeless() || elapsed.compareTo(timeout) >= 0;
            var message = message(revision, standing).build();
            if (done || !message.equals(last)) {
                answer.onNext(message.toBuilder()
                        .setDone(done)
                        .setElapsed(Times.of(elapsed))
                        .build());
                last = message;
            }
            if (done) {
                answer.onCompleted();
                return;
            }
            var left = timeout.minus(elapsed);
            fleet.await(seen, standing.probing() && PROBE_AGAIN.compareTo(left) < 0 ? PROBE_AGAIN : left);
        }
    }

    private static AwaitLiveResponse.Builder message(long revision, Standing standing) {
        var seen = Seen.current(Access.Verb.LIST);
        return AwaitLiveResponse.newBuilder()
                .setRevision(revision)
                .setLive(standing.live())
                .setTotal(standing.total())
                .addAllWaiting(standing.waiting().stream()
                        .filter(waiting -> seen.qualified(waiting.getProxy()))
                        .toList());
    }

    private Standing standing(long revision, Instant now) {
        int live = 0;
        int refusing = 0;
        boolean probing = false;
        var waiting = new ArrayList<Waiting>();
        var expected = proofs.expected(revision);
        var seen = new TreeSet<String>();
        for (var proxy : fleet.proxies()) {
            var lost = proxy.lost();
            if (lost != null && !isReturning(proxy, lost, expected, now)) {
                continue;
            }
            seen.add(ProxyStatusService.qualifiedName(proxy));
            var refused = refused(proxy, revision);
            var view = proxy.view();
            if (lost != null) {
                waiting.add(waiting(proxy, "disconnected", view.revision(), List.of()));
            } else if (!refused.isEmpty()) {
                refusing++;
                waiting.add(waiting(proxy, "refused it", refused.getFirst().from(), refused));
            } else if (view.revision() < revision) {
                waiting.add(waiting(proxy, missing(proxy, view, revision), view.revision(), List.of()));
            } else if (proofs.of(proxy) == LiveProbe.Proof.NOT_YET) {
                probing = true;
                waiting.add(waiting(proxy, "taken, and its listeners do not serve yet", view.revision(), List.of()));
            } else {
                live++;
            }
        }
        var absent = absent(revision, expected, seen, now);
        waiting.addAll(absent);
        boolean hopeless = refusing > 0 && refusing == waiting.size();
        return new Standing(live, live + waiting.size(), waiting, hopeless, probing || !absent.isEmpty());
    }

    // Where it is known who should be there, another that is gone was sent away.
    private static boolean isReturning(
            Fleet.Proxy proxy, Instant lost, Optional<LiveProbe.Expected> expected, Instant now) {
        return expected.map(known -> known.proxies().contains(ProxyStatusService.qualifiedName(proxy)))
                .orElse(!lost.plus(RETURNING).isBefore(now));
    }

    // What is waited for although no stream tells of it.
    private List<Waiting> absent(long revision, Optional<LiveProbe.Expected> expected, Set<String> seen, Instant now) {
        if (publisher.revision() < revision) {
            return seen.isEmpty() ? List.of(waiting("xds-service", "waiting for r" + revision)) : List.of();
        }
        if (expected.isEmpty()) {
            return isSettling(now)
                    ? List.of(waiting("xds-service", "has just started: proxies may still be coming back"))
                    : List.of();
        }
        if (!expected.get().settled()) {
            return List.of(waiting("sallyport.yaml", "of r" + revision + " is being put into effect"));
        }
        return expected.get().proxies().stream()
                .filter(name -> !seen.contains(name))
                .map(name -> waiting(name, "is not connected"))
                .toList();
    }

    private boolean isSettling(Instant now) {
        if (!now.isBefore(started.plus(SETTLING))) {
            return false;
        }
        return fleet.proxies().stream()
                .map(Fleet.Proxy::connected)
                .max(Comparator.naturalOrder())
                .map(newest -> now.isBefore(newest.plus(QUIET)))
                .orElse(true);
    }

    private static Waiting waiting(String who, String reason) {
        return Waiting.newBuilder().setProxy(who).setReason(reason).build();
    }

    private static List<Refusal> refused(Fleet.Proxy proxy, long revision) {
        return proxy.refused().stream()
                .filter(refusal -> refusal.from() < revision && revision <= refusal.to())
                .toList();
    }

    private String missing(Fleet.Proxy proxy, StreamView view, long revision) {
        var newest = proxy.board().newest();
        if (newest == null || newest.revision() < revision) {
            return "waiting for the translation of r" + revision;
        }
        var types = view.types().stream()
                .filter(type -> type.revision() < revision)
                .map(type -> type.type().acronym())
                .collect(Collectors.joining(", "));
        return types.isEmpty() ? "waiting for its requests" : "waiting for acknowledgement of " + types;
    }

    private Waiting waiting(Fleet.Proxy proxy, String reason, long serves, List<Refusal> refused) {
        return Waiting.newBuilder()
                .setProxy(ProxyStatusService.qualifiedName(proxy))
                .setReason(reason)
                .setServes(serves)
                .addAllRejections(refused.stream()
                        .map(refusal -> Rejections.of(refusal, publisher.image()))
                        .toList())
                .build();
    }
}
