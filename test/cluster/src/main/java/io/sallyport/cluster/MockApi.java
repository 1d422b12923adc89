package io.sallyport.cluster;

import io.fabric8.kubernetes.api.model.APIGroupBuilder;
import io.fabric8.kubernetes.api.model.APIResource;
import io.fabric8.kubernetes.api.model.APIResourceBuilder;
import io.fabric8.kubernetes.api.model.APIResourceListBuilder;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.dsl.base.CustomResourceDefinitionContext;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.http.Dispatcher;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/// fabric8's mock with what it leaves out and a real API server has: discovery, 404 for kinds without a CRD, and
/// refusals that a test asks for.
final class MockApi extends Dispatcher {

    private static final String CRDS = "/apis/apiextensions.k8s.io/";

    private record Fault(Predicate<String> path, int status, Map<String, String> headers, AtomicInteger times) {}

    private final KubernetesCrudDispatcher objects = new KubernetesCrudDispatcher();
    private final Map<String, List<APIResource>> served = new ConcurrentHashMap<>();
    private final List<Fault> faults = new CopyOnWriteArrayList<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final ReentrantLock writing = new ReentrantLock();

    MockApi() {
        serve("v1", "services", "Service", true);
        serve("v1", "configmaps", "ConfigMap", true);
        serve("v1", "secrets", "Secret", true);
        serve("v1", "pods", "Pod", true);
        serve("v1", "nodes", "Node", false);
        serve("v1", "namespaces", "Namespace", false);
        serve("v1", "serviceaccounts", "ServiceAccount", true);
        serve("discovery.k8s.io/v1", "endpointslices", "EndpointSlice", true);
        serve("networking.k8s.io/v1", "ingresses", "Ingress", true);
        serve("networking.k8s.io/v1", "ingresses/status", "Ingress", true);
        serve("networking.k8s.io/v1", "ingressclasses", "IngressClass", false);
        serve("coordination.k8s.io/v1", "leases", "Lease", true);
        serve(
                "admissionregistration.k8s.io/v1",
                "mutatingwebhookconfigurations",
                "MutatingWebhookConfiguration",
                false);
        serve(
                "admissionregistration.k8s.io/v1",
                "validatingwebhookconfigurations",
                "ValidatingWebhookConfiguration",
                false);
    }

    private void serve(String apiVersion, String plural, String kind, boolean namespaced) {
        served.computeIfAbsent(apiVersion, _ -> new CopyOnWriteArrayList<>())
                .add(new APIResourceBuilder()
                        .withName(plural)
                        .withKind(kind)
                        .withNamespaced(namespaced)
                        .build());
    }

    /// Serves a custom kind in one version, as the mock cannot convert.
    void install(CustomKind kind, String version) {
        var apiVersion = kind.group() + "/" + version;
        if (served.getOrDefault(apiVersion, List.of()).stream()
                .anyMatch(each -> each.getKind().equals(kind.kind()))) {
            return;
        }
        objects.expectCustomResource(new CustomResourceDefinitionContext.Builder()
                .withGroup(kind.group())
                .withVersion(version)
                .withKind(kind.kind())
                .withPlural(kind.plural())
                .withScope(kind.isNamespaced() ? "Namespaced" : "Cluster")
                .withStatusSubresource(true)
                .build());
        serve(apiVersion, kind.plural(), kind.kind(), kind.isNamespaced());
        serve(apiVersion, kind.plural() + "/status", kind.kind(), kind.isNamespaced());
    }

    /// The next requests whose path and query match are refused.
    void refuse(Predicate<String> path, int status, Map<String, String> headers, int times) {
        faults.add(new Fault(path, status, headers, new AtomicInteger(times)));
    }

    /// What was asked so far, each as `GET /api/v1/nodes?limit=500`.
    List<String> requests() {
        return List.copyOf(requests);
    }

    @Override
    public MockResponse dispatch(RecordedRequest request) {
        var path = request.getPath();
        requests.add(request.getMethod() + " " + path);
        for (var fault : faults) {
            if (fault.path().test(request.getMethod() + " " + path)
                    && fault.times().getAndDecrement() > 0) {
                return refusal(fault.status(), fault.headers());
            }
        }
        var plain = path.contains("?") ? path.substring(0, path.indexOf('?')) : path;
        return discovery(plain).orElseGet(() -> answer(understood(request, plain)));
    }

    // The mock looks at an object's version first and writes then; with two writers at once it would lose one's write.
    private MockResponse answer(RecordedRequest request) {
        if (request.getMethod().equals("GET")) {
            return objects.dispatch(request);
        }
        writing.lock();
        try {
            return objects.dispatch(request);
        } finally {
            writing.unlock();
        }
    }

    // With a query, such as the field manager's name, the mock takes the path of a status for another one.
    private static RecordedRequest understood(RecordedRequest request, String plain) {
        return request.getMethod().equals("PATCH")
                ? new RecordedRequest(
                        request.getHttpVersion(), request.method(), plain, request.getHeaders(), request.getBody())
                : request;
    }

    private Optional<MockResponse> discovery(String path) {
        var words = path.substring(1).split("/", -1);
        if (path.startsWith(CRDS) || words.length < 2) {
            return Optional.empty();
        }
        var isCore = words[0].equals("api");
        if (!isCore && words.length == 2) {
            return Optional.of(group(words[1]));
        }
        var apiVersion = isCore ? words[1] : words[1] + "/" + words[2];
        var resources = served.get(apiVersion);
        if (resources == null) {
            return Optional.of(refusal(404, Map.of()));
        }
        return words.length == (isCore ? 2 : 3)
                ? Optional.of(json(new APIResourceListBuilder()
                        .withGroupVersion(apiVersion)
                        .withResources(new ArrayList<>(resources))
                        .build()))
                : unknown(words, resources);
    }

    private static Optional<MockResponse> unknown(String[] words, List<APIResource> resources) {
        int at = words[0].equals("api") ? 2 : 3;
        var plural = words[at].equals("namespaces") && words.length > at + 2 ? words[at + 2] : words[at];
        var isServed = resources.stream().anyMatch(each -> each.getName().equals(plural));
        return isServed ? Optional.empty() : Optional.of(refusal(404, Map.of()));
    }

    private MockResponse group(String group) {
        var versions = new TreeMap<String, List<APIResource>>(served);
        var builder = new APIGroupBuilder().withName(group);
        versions.keySet().stream()
                .filter(apiVersion -> apiVersion.startsWith(group + "/"))
                .forEach(apiVersion -> builder.addNewVersion(apiVersion, apiVersion.substring(group.length() + 1)));
        var found = builder.build();
        return found.getVersions().isEmpty() ? refusal(404, Map.of()) : json(found);
    }

    private static MockResponse json(Object value) {
        return new MockResponse()
                .setResponseCode(200)
                .addHeader("Content-Type", "application/json")
                .setBody(Serialization.asJson(value));
    }

    private static MockResponse refusal(int status, Map<String, String> headers) {
        var response = new MockResponse()
                .setResponseCode(status)
                .addHeader("Content-Type", "application/json")
                .setBody(Serialization.asJson(new StatusBuilder()
                        .withCode(status)
                        .withStatus("Failure")
                        .withMessage("refused by the test")
                        .build()));
        headers.forEach(response::addHeader);
        return response;
    }
}
