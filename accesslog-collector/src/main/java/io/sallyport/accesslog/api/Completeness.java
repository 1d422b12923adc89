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
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Compares, per proxy and minute of the requests, what was received with what is stored.
final class Completeness {

    // What a proxy could not write, and what it wrote and nobody received.
    private static final String DROPPED = "dropped_by_proxy";
    private static final String MISSING = "before_collector";

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
                tell(line(lines, line.proxy().toString(), line.minute()), line);
            }
        }
        var response = CompletenessResponse.newBuilder();
        lines.values().forEach(minutes -> {
            minutes.values().forEach(response::addLines);
            response.addTotals(total(minutes.values()));
        });
        return response.build();
    }

    // A kill may have cost the ledger its last second: what is stored was received.
    private static void tell(CompletenessResponse.Line.Builder out, Ledger.Line line) {
        if (line.isOfKafka()) {
            out.putAllLost(line.lost());
            return;
        }
        var lost = sum(line.lost());
        var received = Math.max(line.received(), out.getStored() + lost);
        out.setReceived(received)
                .setDroppedByProxy(line.dropped())
                .putAllLost(line.lost())
                .setPending(received - lost - out.getStored());
        line.written().ifPresent(out::setWritten);
        line.served().ifPresent(out::setServed);
    }

    // Minutes are added up before they are compared: a proxy counts a row when its request ends, and the row itself
    // says
    // when it began.
    private static CompletenessResponse.Line total(Collection<CompletenessResponse.Line.Builder> minutes) {
        var total = CompletenessResponse.Line.newBuilder();
        for (var line : minutes) {
            total.setProxy(line.getProxy())
                    .setProxyNamespace(line.getProxyNamespace())
                    .setDroppedByProxy(total.getDroppedByProxy() + line.getDroppedByProxy())
                    .setReceived(total.getReceived() + line.getReceived())
                    .setStored(total.getStored() + line.getStored())
                    .setPending(total.getPending() + line.getPending());
            if (line.hasWritten()) {
                total.setWritten(total.getWritten() + line.getWritten());
            }
            if (line.hasServed()) {
                total.setServed(total.getServed() + line.getServed());
            }
            line.getLostMap().forEach((cause, count) -> total.putLost(cause, total.getLostOrDefault(cause, 0) + count));
        }
        if (total.hasWritten()) {
            total.setMissing(Math.max(0, total.getWritten() - total.getReceived()));
        }
        if (total.hasServed()) {
            total.setFiltered(Math.max(0, total.getServed() - total.getWritten() - total.getDroppedByProxy()));
        }
        return total.build();
    }

    /// The same as one figure.
    Coverage coverage(Selection selection) throws QueryException, StoreException, BoundExceededException {
        var lost = new TreeMap<String, Long>();
        var coverage = Coverage.newBuilder();
        var inKafka = 0L;
        for (var proxy : lines(selection.from(), selection.to()).getTotalsList()) {
            coverage.setStored(coverage.getStored() + proxy.getStored())
                    .setPending(coverage.getPending() + proxy.getPending())
                    .setFiltered(coverage.getFiltered() + proxy.getFiltered());
            proxy.getLostMap().forEach((cause, count) -> lost.merge(cause, count, Long::sum));
            inKafka += proxy.getReceived() == 0 ? sum(proxy.getLostMap()) : 0;
            if (proxy.getDroppedByProxy() > 0) {
                lost.merge(DROPPED, proxy.getDroppedByProxy(), Long::sum);
            }
            if (proxy.getMissing() > 0) {
                lost.merge(MISSING, proxy.getMissing(), Long::sum);
            }
        }
        // Which their proxies still take for rows on their way.
        return coverage.setPending(Math.max(0, coverage.getPending() - inKafka))
                .putAllLost(lost)
                .build();
    }

    private static long sum(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(each -> each).sum();
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
