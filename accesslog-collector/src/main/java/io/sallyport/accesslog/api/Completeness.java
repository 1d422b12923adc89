package io.sallyport.accesslog.api;

import io.sallyport.accesslog.query.Condition;
import io.sallyport.accesslog.query.QueryException;
import io.sallyport.accesslog.query.Questions;
import io.sallyport.accesslog.query.Selection;
import io.sallyport.accesslog.receive.Ledger;
import io.sallyport.accesslog.receive.Proxy;
import io.sallyport.accesslog.storage.BoundExceededException;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.proto.accesslog.v1.CompletenessResponse;
import io.sallyport.proto.accesslog.v1.Coverage;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Compares, per proxy and minute of the requests, what was received with what is stored.
final class Completeness {

    private final Ledger ledger;
    private final Questions questions;

    Completeness(Ledger ledger, Questions questions) {
        this.ledger = ledger;
        this.questions = questions;
    }

    /// Everything between two times that the caller may see.
    CompletenessResponse lines(long from, long to) throws QueryException, StoreException, BoundExceededException {
        var every = new Selection(new Condition.All(List.of()), floor(from), ceiling(to), Tenancy.current());
        var lines = new TreeMap<String, Map<Long, CompletenessResponse.Line.Builder>>();
        questions
                .perMinute(every)
                .forEach((proxy, minutes) -> minutes.forEach(
                        (minute, count) -> line(lines, proxy, minute).setStored(count)));
        // What a proxy told in all is for those who may see all of it.
        if (Tenancy.current().isEmpty()) {
            for (var line : ledger.lines(from / 1_000_000, to / 1_000_000)) {
                var out = line(lines, line.proxy().toString(), line.minute()).setReceived(line.received());
                line.written().ifPresent(out::setWritten);
                out.setDroppedByProxy(line.dropped());
                out.putAllLost(line.lost());
            }
        }
        var response = CompletenessResponse.newBuilder();
        lines.values().forEach(minutes -> minutes.values().forEach(response::addLines));
        return response.build();
    }

    /// The same as one figure.
    Coverage coverage(Selection selection) throws QueryException, StoreException, BoundExceededException {
        var coverage = Coverage.newBuilder();
        var lost = new TreeMap<String, Long>();
        var written = 0L;
        var received = 0L;
        var stored = 0L;
        var dropped = 0L;
        for (var line : lines(selection.from(), selection.to()).getLinesList()) {
            dropped += line.getDroppedByProxy();
            written += line.getWritten();
            received += line.getReceived();
            stored += line.getStored();
            line.getLostMap().forEach((cause, count) -> lost.merge(cause, count, Long::sum));
        }
        var known = lost.values().stream().mapToLong(each -> each).sum();
        // After a restart the ledger begins anew: what is stored was received.
        var all = Math.max(Math.max(written, received), stored + known);
        if (dropped > 0) {
            lost.put("dropped_by_proxy", dropped);
        }
        return coverage.setStored(stored)
                .setPending(Math.max(0, all - stored - known))
                .putAllLost(lost)
                .build();
    }

    private static CompletenessResponse.Line.Builder line(
            Map<String, Map<Long, CompletenessResponse.Line.Builder>> lines, String proxy, long minute) {
        return lines.computeIfAbsent(proxy, _ -> new TreeMap<>()).computeIfAbsent(minute, _ -> {
            var named = named(proxy);
            var line = CompletenessResponse.Line.newBuilder()
                    .setProxy(named.name())
                    .setProxyNamespace(named.namespace());
            line.getMinuteBuilder().setSeconds(minute);
            return line;
        });
    }

    private static Proxy named(String proxy) {
        var slash = proxy.indexOf('/');
        return slash < 0 ? new Proxy("", proxy) : new Proxy(proxy.substring(0, slash), proxy.substring(slash + 1));
    }

    private static long floor(long micros) {
        return Math.floorDiv(micros, 60_000_000L) * 60_000_000L;
    }

    private static long ceiling(long micros) {
        return floor(micros + 59_999_999L);
    }
}
