package io.sallyport.secret.api;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.sallyport.proto.secret.v1.CheckSecretsRequest;
import io.sallyport.proto.secret.v1.CheckSecretsResponse;
import io.sallyport.proto.secret.v1.DeleteSecretRequest;
import io.sallyport.proto.secret.v1.DeleteSecretResponse;
import io.sallyport.proto.secret.v1.ListSecretsRequest;
import io.sallyport.proto.secret.v1.ListSecretsResponse;
import io.sallyport.proto.secret.v1.PutSecretRequest;
import io.sallyport.proto.secret.v1.PutSecretResponse;
import io.sallyport.proto.secret.v1.SecretServiceGrpc;
import io.sallyport.secret.sds.Audience;
import io.sallyport.secret.sds.Lendings;
import io.sallyport.secret.store.FilePlace;
import io.sallyport.secret.store.SecretName;
import io.sallyport.secret.store.SecretRegistry;
import io.sallyport.secret.store.SecretRegistry.OwnedElsewhereException;
import io.sallyport.secret.store.SecretState;
import io.sallyport.secret.store.SecretStoreException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `SecretService`: stores secrets, and says what became of each.
public final class SecretApi extends SecretServiceGrpc.SecretServiceImplBase {

    private static final Logger log = LoggerFactory.getLogger(SecretApi.class);
    private static final int MAX_ENTRIES = 100;
    private static final int MAX_BYTES = 1024 * 1024;
    private static final int MAX_SECRETS = 100_000;
    private static final int MAX_CHECKED = 1_000;

    private final SecretRegistry registry;
    private final Supplier<? extends Map<SecretName, FilePlace>> files;
    private final Supplier<Lendings> lendings;
    private final Audience audience;
    private final List<String> namespaces;
    private final BooleanSupplier heard;
    private final InstantSource clock;

    /// `files` are the mounted certificates that proxies ask for, by the name under which the registry
    /// has them; `namespaces` those of a cluster whose Secrets are read, none where there is no cluster;
    /// `heard` says whether every source has been heard, so that what is not known does not exist.
    public SecretApi(
            SecretRegistry registry,
            Supplier<? extends Map<SecretName, FilePlace>> files,
            Supplier<Lendings> lendings,
            Audience audience,
            List<String> namespaces,
            BooleanSupplier heard,
            InstantSource clock) {
        this.files = files;
        this.lendings = lendings;
        this.registry = registry;
        this.audience = audience;
        this.namespaces = List.copyOf(namespaces);
        this.heard = heard;
        this.clock = clock;
    }

    @Override
    public void putSecret(PutSecretRequest request, StreamObserver<PutSecretResponse> response) {
        answer(response, () -> {
            var name = name(request.getName());
            var entries = entries(request);
            if (registry.secrets().size() >= MAX_SECRETS && !registry.secrets().containsKey(name)) {
                throw Status.RESOURCE_EXHAUSTED
                        .withDescription("more secrets than are kept (expected: at most " + MAX_SECRETS + ")")
                        .asRuntimeException();
            }
            var state = registry.put(name, entries);
            return PutSecretResponse.newBuilder()
                    .setStatus(statuses().status(state))
                    .build();
        });
    }

    @Override
    public void deleteSecret(DeleteSecretRequest request, StreamObserver<DeleteSecretResponse> response) {
        answer(response, () -> {
            var name = name(request.getName());
            if (!registry.delete(name)) {
                throw Status.NOT_FOUND
                        .withDescription("secret \"" + name + "\" does not exist")
                        .asRuntimeException();
            }
            return DeleteSecretResponse.getDefaultInstance();
        });
    }

    @Override
    public void listSecrets(ListSecretsRequest request, StreamObserver<ListSecretsResponse> response) {
        answer(response, () -> {
            var list = ListSecretsResponse.newBuilder();
            statuses().all().stream()
                    .filter(status -> request.getNamespace().isEmpty()
                            || request.getNamespace().equals(status.getName().getNamespace()))
                    .forEach(list::addSecrets);
            return list.build();
        });
    }

    @Override
    public void checkSecrets(CheckSecretsRequest request, StreamObserver<CheckSecretsResponse> response) {
        answer(response, () -> {
            if (request.getNamesCount() > MAX_CHECKED) {
                throw Status.INVALID_ARGUMENT
                        .withDescription(
                                "names: %d (expected: at most %d)".formatted(request.getNamesCount(), MAX_CHECKED))
                        .asRuntimeException();
            }
            if (!heard.getAsBoolean()) {
                throw Status.UNAVAILABLE
                        .withDescription("the Secrets of the cluster have not been read yet")
                        .asRuntimeException();
            }
            var pairs = new KeyPairs(registry.secrets(), namespaces);
            var checked = CheckSecretsResponse.newBuilder();
            request.getNamesList().forEach(name -> checked.addKeyPairs(pairs.status(name)));
            return checked.build();
        });
    }

    private SecretStatuses statuses() {
        Map<SecretName, SecretState> secrets = registry.secrets();
        return new SecretStatuses(secrets, files.get(), lendings.get(), audience, namespaces, clock.instant());
    }

    private static SecretName name(io.sallyport.proto.secret.v1.SecretName wire) {
        if (wire.getNamespace().equals(FilePlace.NAMESPACE)) {
            throw Status.INVALID_ARGUMENT
                    .withDescription("namespace: \"%s\" (expected: another; this one is for mounted files)"
                            .formatted(FilePlace.NAMESPACE))
                    .asRuntimeException();
        }
        try {
            return new SecretName(wire.getNamespace(), wire.getName());
        } catch (IllegalArgumentException e) {
            throw Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException();
        }
    }

    private static Map<String, byte[]> entries(PutSecretRequest request) {
        var entries = new TreeMap<String, byte[]>();
        var bytes = 0L;
        for (var entry : request.getDataMap().entrySet()) {
            bytes += entry.getValue().size();
            entries.put(entry.getKey(), entry.getValue().toByteArray());
        }
        if (entries.size() > MAX_ENTRIES || bytes > MAX_BYTES) {
            throw Status.INVALID_ARGUMENT
                    .withDescription("data: %d entries, %d bytes (expected: at most %d entries, %d bytes)"
                            .formatted(entries.size(), bytes, MAX_ENTRIES, MAX_BYTES))
                    .asRuntimeException();
        }
        return entries;
    }

    private interface Work<T> {
        T run() throws SecretStoreException, OwnedElsewhereException;
    }

    private static <T> void answer(StreamObserver<T> response, Work<T> work) {
        T result;
        try {
            result = work.run();
        } catch (OwnedElsewhereException e) {
            response.onError(
                    Status.FAILED_PRECONDITION.withDescription(e.getMessage()).asRuntimeException());
            return;
        } catch (SecretStoreException e) {
            log.atError().addKeyValue("reason", e.getMessage()).log("Secret store failed");
            response.onError(Status.UNAVAILABLE.withDescription(e.getMessage()).asRuntimeException());
            return;
        } catch (io.grpc.StatusRuntimeException e) {
            response.onError(e);
            return;
        }
        response.onNext(result);
        response.onCompleted();
    }
}
