package io.sallyport.accesslog.web;

import com.google.protobuf.util.Timestamps;
import io.grpc.StatusRuntimeException;
import io.sallyport.proto.accesslog.v1.CompletenessRequest;
import io.sallyport.proto.accesslog.v1.CompletenessResponse;
import io.sallyport.proto.accesslog.v1.Scope;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// What became of each proxy's requests: a strip over time and the sums, which alone say what never arrived.
record CompletenessView(List<ProxyLine> proxies, boolean hasRows) {

    private static final long MINUTE_MICROS = 60_000_000;
    private static final int CELLS = 60;

    /// One proxy. Texts are empty where nobody told.
    record ProxyLine(
            String name,
            List<Strip.Cell> strip,
            String stripText,
            String served,
            String filtered,
            String written,
            String dropped,
            String missing,
            String received,
            String pending,
            String stored,
            String lost,
            boolean isWhole) {}

    static CompletenessView ask(Asker asker, Scope scope, Instant now) throws StatusRuntimeException {
        var question = CompletenessRequest.newBuilder().setFrom(scope.getFrom());
        if (scope.hasTo()) {
            question.setTo(scope.getTo());
        }
        var answer = Asker.answer(asker.ask().completeness(question.build()));
        var from = Timestamps.toMicros(scope.getFrom());
        var to = scope.hasTo() ? Timestamps.toMicros(scope.getTo()) : now.toEpochMilli() * 1_000;
        var cell = Math.max(1, (to - from) / MINUTE_MICROS / CELLS) * MINUTE_MICROS;
        var proxies = answer.getTotalsList().stream()
                .map(total -> line(
                        total,
                        Strip.of(
                                answer.getLinesList().stream()
                                        .filter(line -> isOf(line, total))
                                        .toList(),
                                from,
                                to,
                                cell)))
                .toList();
        return new CompletenessView(proxies, !proxies.isEmpty());
    }

    private static boolean isOf(CompletenessResponse.Line line, CompletenessResponse.Line total) {
        return line.getProxy().equals(total.getProxy())
                && line.getProxyNamespace().equals(total.getProxyNamespace());
    }

    private static ProxyLine line(CompletenessResponse.Line total, List<Strip.Cell> strip) {
        return new ProxyLine(
                total.getProxyNamespace() + "/" + total.getProxy(),
                strip,
                Strip.text(strip),
                total.hasServed() ? Shown.count(total.getServed()) : "",
                total.hasServed() ? Shown.count(total.getFiltered()) : "",
                total.hasWritten() ? Shown.count(total.getWritten()) : "",
                Shown.count(total.getDroppedByProxy()),
                total.hasWritten() ? Shown.count(total.getMissing()) : "",
                Shown.count(total.getReceived()),
                Shown.count(total.getPending()),
                Shown.count(total.getStored()),
                total.getLostMap().entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(lost -> lost.getKey().replace('_', ' ') + " " + Shown.count(lost.getValue()))
                        .collect(Collectors.joining(", ")),
                total.getMissing() + total.getDroppedByProxy() + total.getPending() == 0
                        && total.getLostMap().keySet().stream().allMatch("sampled"::equals));
    }
}
