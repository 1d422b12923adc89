package io.sallyport.config.kubernetes;

import java.time.Duration;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes reviews within bounds: at most 3 MiB each, a few at a time on threads of their own, a few waiting, two seconds
/// for an answer. Beyond that it answers 503, and the API server does what its `failurePolicy` says.
///
/// Large reviews go a lane of their own, which is full before their bytes are read: a namespace with huge objects holds
/// up huge objects, and takes no memory from the others.
final class AdmissionHandler extends Handler.Abstract implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(AdmissionHandler.class);

    static final int MOST_BYTES = 3 << 20;
    static final Duration DEADLINE = Duration.ofSeconds(2);
    // Nearly every object is smaller.
    private static final int USUAL_BYTES = 128 << 10;

    private final Map<String, AdmissionAnswer> pages;
    private final Duration deadline;
    private final Lane usual = new Lane("admission-review-", 2, 254);
    private final Lane large = new Lane("admission-large-review-", 1, 3);

    /// What is at which path: `/validate`, `/inject`. Whoever has no answer by the deadline is told so.
    AdmissionHandler(Map<String, AdmissionAnswer> pages, Duration deadline) {
        this.pages = Map.copyOf(pages);
        this.deadline = deadline;
    }

    /// Threads for reviews, and room for those that are read, wait or are answered.
    private static final class Lane {

        private final Semaphore room;
        private final ExecutorService threads;

        Lane(String name, int atOnce, int waiting) {
            this.room = new Semaphore(atOnce + waiting);
            this.threads = Executors.newFixedThreadPool(
                    atOnce, Thread.ofPlatform().name(name, 0).daemon().factory());
        }
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        var page = pages.get(Request.getPathInContext(request));
        if (page == null) {
            answer(response, callback, 404, "no such page (expected: one of " + new TreeSet<>(pages.keySet()) + ")");
        } else if (!HttpMethod.POST.is(request.getMethod())) {
            answer(response, callback, 405, "expected: POST");
        } else if (request.getLength() > MOST_BYTES) {
            answer(response, callback, Answer.TOO_LARGE);
        } else {
            review(page, request, response, callback);
        }
        return true;
    }

    private void review(AdmissionAnswer page, Request request, Response response, Callback callback) {
        var length = request.getLength();
        var lane = length >= 0 && length <= USUAL_BYTES ? usual : large;
        if (!lane.room.tryAcquire()) {
            answer(response, callback, Answer.TOO_MANY);
            return;
        }
        var limit =
                new CompletableFuture<Answer>().completeOnTimeout(late(), deadline.toMillis(), TimeUnit.MILLISECONDS);
        var body = ReviewBody.read(request, MOST_BYTES).orTimeout(deadline.toMillis(), TimeUnit.MILLISECONDS);
        // No thread of the connections waits for an answer: slow reviews hold up reviews alone.
        var answered = body.thenApplyAsync(bytes -> limit.isDone() ? late() : answered(page, bytes), lane.threads);
        var _ = answered.whenComplete((_, _) -> lane.room.release())
                .applyToEither(limit, answer -> answer)
                .exceptionally(this::unanswered)
                .thenAccept(answer -> answer(response, callback, answer));
    }

    private record Answer(int status, String text) {

        static final Answer TOO_LARGE = new Answer(413, "larger than " + MOST_BYTES + " bytes");
        static final Answer TOO_MANY = new Answer(503, "too many reviews at once");
    }

    private Answer late() {
        return new Answer(503, "no answer within " + deadline.toMillis() + " ms");
    }

    private Answer unanswered(Throwable failure) {
        var cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return switch (cause) {
            case ReviewBody.TooLargeException _ -> Answer.TOO_LARGE;
            case TimeoutException _ -> late();
            case RejectedExecutionException _ -> new Answer(503, "stopping");
            case null, default -> new Answer(400, "the body broke off");
        };
    }

    private static Answer answered(AdmissionAnswer page, byte[] body) {
        try {
            return new Answer(200, page.answer(body));
        } catch (AdmissionAnswer.MalformedException malformed) {
            return new Answer(400, String.valueOf(malformed.getMessage()));
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("A review failed");
            return new Answer(500, "Sallyport failed on it; this is Sallyport's fault (see its log)");
        }
    }

    private static void answer(Response response, Callback callback, Answer answer) {
        if (answer.status() == 200) {
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        } else if (answer.status() == 413 || answer.status() == 503) {
            // The rest of the body is not read.
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
        }
        answer(response, callback, answer.status(), answer.text());
    }

    private static void answer(Response response, Callback callback, int status, String text) {
        response.setStatus(status);
        Content.Sink.write(response, true, text, callback);
    }

    @Override
    public void close() {
        usual.threads.shutdownNow();
        large.threads.shutdownNow();
    }
}
