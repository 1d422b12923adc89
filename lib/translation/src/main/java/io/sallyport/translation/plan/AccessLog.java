package io.sallyport.translation.plan;

import io.sallyport.model.Value;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// Rows about traffic: where they go, how they read, and which of them are written.
public record AccessLog(Sink sink, Rows rows) {

    /// Which rows are written.
    public sealed interface Rows {

        record All() implements Rows {}

        /// Those for which a CEL expression holds: `response.code >= 400`.
        record Matching(String expression) implements Rows {}
    }

    /// Where rows go.
    public sealed interface Sink {

        /// A file on the proxy's machine; `/dev/stdout` is what the proxy prints. `omitsEmpty` leaves out what has no
        /// value, instead of writing `-`.
        record File(String path, Format format, boolean omitsEmpty) implements Sink {}

        /// A service that takes records of requests, with some headers and trailers more than usual.
        record Requests(
                Stream stream, List<String> requestHeaders, List<String> responseHeaders, List<String> responseTrailers)
                implements Sink {
            public Requests {
                requestHeaders = List.copyOf(requestHeaders);
                responseHeaders = List.copyOf(responseHeaders);
                responseTrailers = List.copyOf(responseTrailers);
            }
        }

        /// A service that takes records of connections.
        record Connections(Stream stream) implements Sink {}

        /// An OpenTelemetry collector: a text for the body, and attributes, which are formats too.
        record OpenTelemetry(Stream stream, String body, SortedMap<String, String> attributes) implements Sink {
            public OpenTelemetry {
                attributes = Collections.unmodifiableSortedMap(new TreeMap<>(attributes));
            }
        }
    }

    /// A stream of records to a service, under a name by which it tells streams apart. `state` are the objects of the
    /// proxy's filters that travel with each record.
    public record Stream(Receiver receiver, String name, List<String> state, Buffer buffer) {
        public Stream {
            state = List.copyOf(state);
        }
    }

    /// How much the proxy gathers, and how long, before it sends.
    public sealed interface Buffer {

        /// As the proxy does it by itself.
        record Usual() implements Buffer {}

        /// 0 is as usual, for either.
        record Sized(int bytes, int millis) implements Buffer {}
    }

    /// Who takes a stream.
    public sealed interface Receiver {

        /// A place that the plan sends to.
        record Service(UpstreamId upstream) implements Receiver {}

        /// The collector that the proxy was started with.
        record Own() implements Receiver {}
    }

    /// How a row reads.
    public sealed interface Format {

        /// A line with `%COMMANDS%` in it. It ends in a line break.
        record Text(String line) implements Format {}

        /// One JSON object a line; its strings are formats.
        record Json(Value.Struct fields) implements Format {}
    }
}
