package io.sallyport.cli.config;

import com.google.protobuf.util.Durations;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Moments;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.finding.FindingPrinter;
import io.sallyport.cli.server.Connection;
import io.sallyport.cli.server.WireFindings;
import io.sallyport.proto.xds.v1.AwaitLiveRequest;
import io.sallyport.proto.xds.v1.AwaitLiveResponse;
import io.sallyport.proto.xds.v1.Rejection;
import io.sallyport.proto.xds.v1.Waiting;
import java.time.Duration;
import java.util.function.Consumer;

/// Waits until a revision is live on every gateway that it concerns, or says which one is not and why.
final class LiveWait {

    // The server ends the wait itself; this is for a server that forgets.
    private static final Duration GRACE = Duration.ofSeconds(10);

    private final Terminal terminal;
    private final Connection connection;

    LiveWait(Terminal terminal, Connection connection) {
        this.terminal = terminal;
        this.connection = connection;
    }

    static boolean isLive(AwaitLiveResponse last) {
        return last.getDone() && last.getLive() == last.getTotal();
    }

    AwaitLiveResponse quietly(long revision, Duration patience) throws CommandFailedException {
        return await(revision, patience, _ -> {});
    }

    int inText(long revision, Duration patience) throws CommandFailedException {
        var progress = new Progress();
        var last = await(revision, patience, progress);
        if (isLive(last)) {
            terminal.print(success(last));
            return ExitCode.OK;
        }
        terminal.print("waiting: live on " + count(last));
        last.getWaitingList().forEach(this::print);
        terminal.complain("error: not live everywhere after " + Moments.written(elapsed(last)) + ". " + advice(last));
        return ExitCode.NO;
    }

    private AwaitLiveResponse await(long revision, Duration patience, Consumer<AwaitLiveResponse> observer)
            throws CommandFailedException {
        var request = AwaitLiveRequest.newBuilder()
                .setRevision(revision)
                .setTimeout(Durations.fromMillis(patience.toMillis()))
                .build();
        return connection.proxies(patience.plus(GRACE), stub -> {
            var last = AwaitLiveResponse.getDefaultInstance();
            var answers = stub.awaitLive(request);
            while (answers.hasNext()) {
                last = answers.next();
                if (!last.getDone()) {
                    observer.accept(last);
                }
            }
            return last;
        });
    }

    private static String success(AwaitLiveResponse last) {
        return last.getTotal() == 0
                ? "live: no connected gateway runs anything of it"
                : "live on " + count(last) + " in " + Moments.written(elapsed(last));
    }

    private static String count(AwaitLiveResponse response) {
        return response.getLive() + " of " + response.getTotal()
                + (response.getTotal() == 1 ? " gateway" : " gateways");
    }

    private static Duration elapsed(AwaitLiveResponse response) {
        return Duration.ofMillis(Durations.toMillis(response.getElapsed()));
    }

    private void print(Waiting waiting) {
        if (waiting.getRejectionsList().isEmpty()) {
            terminal.print("  " + waiting.getProxy() + " " + waiting.getReason());
        }
        for (var rejection : waiting.getRejectionsList()) {
            terminal.print("  " + waiting.getProxy() + " " + written(rejection));
        }
    }

    /// `refused it: LDS 0.0.0.0_443: "no TLS certificate" <- Gateway shop/edge spec.servers[1], gateway.yaml:15`.
    static String written(Rejection rejection) {
        var text = new StringBuilder("refused it: ")
                .append(rejection.getType())
                .append(' ')
                .append(rejection.getResource())
                .append(": \"")
                .append(rejection.getReason())
                .append('"');
        for (var source : rejection.getSourcesList()) {
            text.append(" <-").append(FindingPrinter.where(WireFindings.place(source)));
        }
        return text.toString();
    }

    private static String advice(AwaitLiveResponse last) {
        if (last.getWaitingCount() == 0) {
            return "See: sallyport proxy-status";
        }
        var first = last.getWaiting(0);
        var keeps = first.getServes() > 0 ? first.getProxy() + " keeps r" + first.getServes() + ". " : "";
        return keeps + "See: sallyport proxy-status " + first.getProxy();
    }

    /// A line when the count moves, and not more often: a person wants to see that something happens.
    private final class Progress implements Consumer<AwaitLiveResponse> {

        private int seen = -1;

        @Override
        public void accept(AwaitLiveResponse response) {
            if (terminal.isInteractive() && response.getLive() != seen && response.getLive() < response.getTotal()) {
                seen = response.getLive();
                terminal.print("waiting: live on " + count(response));
            }
        }
    }
}
