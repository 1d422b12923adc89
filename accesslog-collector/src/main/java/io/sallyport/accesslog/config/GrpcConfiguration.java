package io.sallyport.accesslog.config;

import com.google.protobuf.Timestamp;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.GetRequest;
import io.sallyport.proto.config.v1.ListRequest;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.secret.v1.ListSecretsRequest;
import io.sallyport.proto.secret.v1.SecretServiceGrpc;
import io.sallyport.proto.xds.v1.ListProxiesRequest;
import io.sallyport.proto.xds.v1.Proxy;
import io.sallyport.proto.xds.v1.ProxyServiceGrpc;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Asks config-service, xds-service and secret-service by gRPC. After a question that failed none is asked
/// for a second: rows go on without.
public final class GrpcConfiguration implements ConfigurationSource {

    private static final Logger log = LoggerFactory.getLogger(GrpcConfiguration.class);
    private static final long PATIENCE_MILLIS = 500;
    private static final long LIST_PATIENCE_MILLIS = 10_000;
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final int PAGE = 500;

    private final Channel config;
    private final Channel xds;
    private final Channel secret;
    private final InstantSource clock;
    private final AtomicReference<Instant> pausedUntil = new AtomicReference<>(Instant.MIN);

    public GrpcConfiguration(Channel config, Channel xds, Channel secret, InstantSource clock) {
        this.config = config;
        this.xds = xds;
        this.secret = secret;
        this.clock = clock;
    }

    @Override
    public List<Resource> object(String kind, String namespace, String name, OptionalLong revision) {
        var question = GetRequest.newBuilder()
                .setRef(ResourceRef.newBuilder()
                        .setKind(kind)
                        .setNamespace(namespace)
                        .setName(name));
        revision.ifPresent(question::setRevision);
        return asked(() -> List.of(ConfigServiceGrpc.newBlockingStub(config)
                .withDeadlineAfter(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
                .get(question.build())
                .getResource()));
    }

    @Override
    public List<Running> running() {
        return asked(() -> {
            var answer = ProxyServiceGrpc.newBlockingStub(xds)
                    .withDeadlineAfter(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
                    .listProxies(ListProxiesRequest.getDefaultInstance());
            return answer.getProxiesList().stream().map(this::running).toList();
        });
    }

    // The last answer of the proxy that belongs to the revision is when it began to run it.
    private Running running(Proxy proxy) {
        var since = proxy.getTypesList().stream()
                .filter(type -> type.getRevision() == proxy.getAcknowledgedRevision() && type.hasTime())
                .map(type -> instant(type.getTime()))
                .max(Instant::compareTo)
                .orElse(clock.instant());
        return new Running(proxy.getNamespace(), proxy.getName(), proxy.getAcknowledgedRevision(), since);
    }

    @Override
    public List<Certificate> certificates(String namespace) {
        var question = ListSecretsRequest.newBuilder().setNamespace(namespace).build();
        return asked(() -> {
            var answer = SecretServiceGrpc.newBlockingStub(secret)
                    .withDeadlineAfter(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
                    .listSecrets(question);
            return answer.getSecretsList().stream()
                    .filter(one -> one.hasCertificate())
                    .map(one -> new Certificate(
                            one.getName().getNamespace(),
                            one.getName().getName(),
                            one.getCertificate().getSerial(),
                            one.getCertificate().getSubject(),
                            instant(one.getSince())))
                    .toList();
        });
    }

    @Override
    public List<Resource> all(String kind, int limit) {
        return asked(() -> {
            var found = new ArrayList<Resource>();
            var token = "";
            do {
                var answer = ConfigServiceGrpc.newBlockingStub(config)
                        .withDeadlineAfter(LIST_PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
                        .list(ListRequest.newBuilder()
                                .setKind(kind)
                                .setPageSize(PAGE)
                                .setPageToken(token)
                                .build());
                found.addAll(answer.getResourcesList());
                token = answer.getNextPageToken();
            } while (!token.isEmpty() && found.size() <= limit);
            return found;
        });
    }

    private static Instant instant(Timestamp time) {
        return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
    }

    private <T> List<T> asked(Supplier<List<T>> question) {
        if (clock.instant().isBefore(pausedUntil.get())) {
            return List.of();
        }
        try {
            return question.get();
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.NOT_FOUND) {
                pausedUntil.set(clock.instant().plus(PAUSE));
                log.atDebug().setCause(e).log("Rows go on without knowing their configuration");
            }
            return List.of();
        }
    }
}
