package io.sallyport.cli.egress;

import com.google.protobuf.Timestamp;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.Moments;
import io.sallyport.cli.Terminal;
import picocli.CommandLine.Option;

/// How far back to look.
final class EgressTimes {

    @Option(names = "--since", paramLabel = "TIME", defaultValue = "1h", description = "15m, 24h. Default: 1h.")
    private String since = "1h";

    Timestamp from(Terminal terminal) throws CommandFailedException {
        var start = terminal.clock().instant().minus(Moments.duration(since));
        return Timestamp.newBuilder().setSeconds(start.getEpochSecond()).build();
    }

    String written() {
        return since;
    }
}
