package io.sallyport.kubernetes.identity;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.sallyport.runtime.identity.Authorizer.UnavailableException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// Questions to the API server with their answers for a few seconds. So many at a time and no more: whoever
/// sends made-up tokens in a flood must not take the API server from the others.
final class Asking<K, V> {

    private static final int AT_ONCE = 16;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Cache<K, V> known;
    private final Semaphore places = new Semaphore(AT_ONCE);

    Asking(int most, Duration kept) {
        this.known = CacheBuilder.newBuilder()
                .maximumSize(most)
                .expireAfterWrite(kept)
                .build();
    }

    V answer(K key, Supplier<V> question) throws UnavailableException {
        var answer = known.getIfPresent(key);
        if (answer != null) {
            return answer;
        }
        try {
            if (!places.tryAcquire(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new UnavailableException("too many questions to the Kubernetes API server at once");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("the call was given up");
        }
        try {
            var fresh = question.get();
            known.put(key, fresh);
            return fresh;
        } catch (KubernetesClientException e) {
            throw new UnavailableException(reason(e.getCode()));
        } finally {
            places.release();
        }
    }

    private static String reason(int status) {
        return switch (status) {
            case 401, 403 ->
                "the Kubernetes API server does not let this service ask: %d (expected: a token with the chart's roles)"
                        .formatted(status);
            default -> "the Kubernetes API server does not answer" + (status > 0 ? ": " + status : "");
        };
    }
}
