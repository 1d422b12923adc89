package io.sallyport.analysis.sidecar;

import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.text.Protocol;
import io.sallyport.model.Kind;
import io.sallyport.model.Sidecar;

/// SP4602: bounds on requests where nobody counts requests. Istio warns too.
final class HttpPoolHasHttp extends ObjectRule<Sidecar> {

    HttpPoolHasHttp() {
        super(
                "SP4602",
                WARNING,
                "HTTP settings on a port that is not HTTP",
                Kind.SIDECAR,
                Sidecar.class,
                new Page(
                        "On other protocols only the tcp settings of a connection pool count.",
                        "{ingress: [{port: {number: 6379, protocol: TCP, name: redis}, connectionPool: {http: {maxRetries: 1}}}]}",
                        "{ingress: [{port: {number: 6379, protocol: TCP, name: redis}, connectionPool: {tcp: {maxConnections: 10}}}]}"));
    }

    @Override
    public void check(At<Sidecar> sidecar, Report report) {
        sidecar.each("ingress", Sidecar::ingress).forEach(listener -> {
            var port = listener.value().port();
            var pool = listener.value().connectionPool();
            boolean http = port != null
                    && Protocol.of(port.protocol()).map(Protocol::isHttp).orElse(false);
            if (port != null && pool != null && pool.http() != null && !http) {
                report.at(
                        listener.path().field("connectionPool").field("http"),
                        "http settings on port %d of protocol \"%s\" (expected: tcp settings)"
                                .formatted(port.number(), port.protocol()));
            }
        });
    }
}
