package io.sallyport.accesslog.receive;

import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads one line of Istio's default text format, all 24 fields of it:
///
/// ```
/// [2021-09-10T16:47:30.115Z] "GET / HTTP/2" 200 - via_upstream - "-" 0 14892 141 123 "192.168.77.145"
/// "curl/7.64.0" …
/// ```
///
/// Envoy does not escape quotes in this format, so a client can write a `User-Agent` that looks like the end of its
/// field. Such a line has more than the 14 quotes of the format: it is read from both ends and marked `ambiguous`.
/// Source: Istio, `pilot/pkg/model/telemetry_logging.go` (`EnvoyTextLogFormat`).
final class TextLine {

    static final int FIELDS = 24;
    private static final int QUOTES = 14;
    // 0 time, 1-3 request line, 4 code, 5 flags, 6 details, 7 termination, "8", 9-12 numbers, "13" … "17", 18 … 23
    private static final int FIRST_OF_CLIENT = 13;

    private TextLine() {}

    static Optional<AccessLogEntry.Builder> read(String line) {
        var quotes = line.chars().filter(c -> c == '"').count();
        var isAmbiguous = quotes != QUOTES;
        var tokens = isAmbiguous ? fromBothEnds(line) : inOrder(line);
        if (tokens.size() != FIELDS) {
            return Optional.empty();
        }
        try {
            var row = row(tokens);
            if (isAmbiguous) {
                row.setMarksList("ambiguous").setRawText(line);
            }
            return Optional.of(row);
        } catch (NumberFormatException | ParseException e) {
            return Optional.empty();
        }
    }

    private static AccessLogEntry.Builder row(List<String> tokens) throws ParseException {
        var isTcp = tokens.get(1).isEmpty() && tokens.get(4).equals("0");
        return AccessLogEntry.newBuilder()
                .setSource("text")
                .setWeight(1)
                .setStartTime(Timestamps.parse(tokens.get(0)))
                .setKind(isTcp ? "tcp" : "http")
                .setMethod(tokens.get(1))
                .setPath(tokens.get(2))
                .setProtocol(tokens.get(3))
                .setResponseCode(number(tokens.get(4)))
                .setResponseFlagsList(tokens.get(5))
                .setResponseDetails(tokens.get(6))
                .setTerminationDetails(tokens.get(7))
                .setUpstreamFailure(tokens.get(8))
                .setRequestBytes(number(tokens.get(9)))
                .setResponseBytes(number(tokens.get(10)))
                .setDurationMicros(millis(tokens.get(11)))
                .setUpstreamMicros(millis(tokens.get(12)))
                .setForwardedFor(tokens.get(13))
                .setUserAgent(tokens.get(14))
                .setRequestId(tokens.get(15))
                .setHost(tokens.get(16))
                .setUpstreamAddress(tokens.get(17))
                .setCluster(tokens.get(18))
                .setUpstreamLocalAddress(tokens.get(19))
                .setDestinationAddress(tokens.get(20))
                .setSourceAddress(tokens.get(21))
                .setServerName(tokens.get(22))
                .setRouteName(tokens.get(23));
    }

    static long millis(String text) {
        return Math.multiplyExact(number(text), 1_000L);
    }

    static long number(String text) {
        return text.isEmpty() ? 0 : Long.parseLong(text);
    }

    private static List<String> inOrder(String line) {
        var scan = new Scan(line);
        var tokens = new ArrayList<String>(FIELDS);
        while (scan.hasMore() && tokens.size() <= FIELDS) {
            tokens.addAll(scan.next(tokens.size()));
        }
        return scan.isBroken() ? List.of() : tokens;
    }

    // The proxy itself wrote what stands before the client's own texts and after them.
    private static List<String> fromBothEnds(String line) {
        var scan = new Scan(line);
        var tokens = new ArrayList<String>(FIELDS);
        while (scan.hasMore() && tokens.size() < FIRST_OF_CLIENT) {
            tokens.addAll(scan.next(tokens.size()));
        }
        var rest = scan.rest();
        var end = new ArrayList<String>();
        for (var i = 0; i < 6; i++) {
            var space = rest.lastIndexOf(' ');
            if (space < 0) {
                return List.of();
            }
            end.addFirst(value(rest.substring(space + 1)));
            rest = rest.substring(0, space);
        }
        // "forwarded" "agent" "id" "authority" "upstream": the last three cannot hold a quote and a space.
        for (var i = 0; i < 3; i++) {
            var open = rest.lastIndexOf(" \"");
            if (open < 0 || !rest.endsWith("\"")) {
                return List.of();
            }
            end.addFirst(value(rest.substring(open + 2, rest.length() - 1)));
            rest = rest.substring(0, open);
        }
        var between = rest.indexOf("\" \"");
        if (!rest.startsWith("\"") || !rest.endsWith("\"") || between < 0 || scan.isBroken()) {
            return List.of();
        }
        tokens.add(value(rest.substring(1, between)));
        tokens.add(value(rest.substring(between + 3, Math.max(between + 3, rest.length() - 1))));
        tokens.addAll(end);
        return tokens;
    }

    private static String value(String written) {
        return written.equals("-") ? "" : written;
    }

    /// Goes over a line from token to token.
    private static final class Scan {

        private final String line;
        private int at;
        private boolean broken;

        Scan(String line) {
            this.line = line;
        }

        boolean hasMore() {
            return !broken && at < line.length();
        }

        boolean isBroken() {
            return broken;
        }

        String rest() {
            return line.substring(Math.min(at, line.length()));
        }

        List<String> next(int index) {
            var open = line.charAt(at);
            if (index == 0) {
                return List.of(between('[', ']', open));
            }
            if (index == 1) {
                var request = between('"', '"', open);
                var first = request.indexOf(' ');
                var last = request.lastIndexOf(' ');
                if (first < 0 || first == last) {
                    broken = true;
                    return List.of();
                }
                return List.of(
                        value(request.substring(0, first)),
                        value(request.substring(first + 1, last)),
                        value(request.substring(last + 1)));
            }
            if (open == '"') {
                return List.of(value(between('"', '"', open)));
            }
            var end = line.indexOf(' ', at);
            var token = line.substring(at, end < 0 ? line.length() : end);
            at = end < 0 ? line.length() : end + 1;
            broken |= token.isEmpty();
            return List.of(value(token));
        }

        private String between(char left, char right, char found) {
            var end = line.indexOf(right, at + 1);
            if (found != left || end < 0 || (end + 1 < line.length() && line.charAt(end + 1) != ' ')) {
                broken = true;
                return "";
            }
            var token = line.substring(at + 1, end);
            at = end + 2;
            return token;
        }
    }
}
