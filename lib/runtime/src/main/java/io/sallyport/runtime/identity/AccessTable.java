package io.sallyport.runtime.identity;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import com.google.protobuf.Message;
import io.sallyport.proto.egress.v1.AuditRequest;
import io.sallyport.proto.egress.v1.Client;
import io.sallyport.proto.egress.v1.CoverageRequest;
import io.sallyport.proto.egress.v1.Destination;
import io.sallyport.proto.egress.v1.EvaluateRequest;
import io.sallyport.proto.egress.v1.ListExternalServicesRequest;
import io.sallyport.proto.egress.v1.LockdownRequest;
import io.sallyport.proto.egress.v1.SuggestRequest;
import io.sallyport.proto.secret.v1.DeleteSecretRequest;
import io.sallyport.proto.secret.v1.ListSecretsRequest;
import io.sallyport.proto.secret.v1.PutSecretRequest;
import io.sallyport.runtime.identity.Access.Verb;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/// Every method of every door, and what it wants of its caller. A method that is missing here is open to
/// nobody, and a test that asks the running servers for their methods fails until it is added.
/// `docs/reference/access.md` is made from this.
public final class AccessTable {

    private static final String CONFIG = "sallyport.config.v1.ConfigService/";
    private static final String PROXY = "sallyport.xds.v1.ProxyService/";
    private static final String SECRET = "sallyport.secret.v1.SecretService/";
    private static final String EGRESS = "sallyport.egress.v1.EgressPolicyService/";
    private static final String LOGS = "sallyport.accesslog.v1.AccessLogService/";
    private static final String ADS = "envoy.service.discovery.v3.AggregatedDiscoveryService/";
    private static final String SDS = "envoy.service.secret.v3.SecretDiscoveryService/";
    private static final String ALS = "envoy.service.accesslog.v3.AccessLogService/";
    private static final String OTLP = "opentelemetry.proto.collector.logs.v1.LogsService/";
    private static final String HEALTH = "grpc.health.v1.Health/";
    private static final String REFLECTION = "grpc.reflection.v1.ServerReflection/";
    private static final String FORMER_REFLECTION = "grpc.reflection.v1alpha.ServerReflection/";
    private static final String[] ALL_SERVICES = {"accesslog", "config", "egress", "secret", "xds"};

    /// What only Sallyport has, in the group `sallyport.io`.
    public static final String PROXIES = "proxies";

    public static final String ACCESS_LOGS = "accesslogs";
    private static final String VERDICTS = "egressverdicts";
    private static final String SECRET_STATUSES = "secretstatuses";

    private static final ImmutableList<MethodAccess> ALL = ImmutableList.<MethodAccess>builder()
            .addAll(config())
            .addAll(proxies())
            .addAll(secrets())
            .addAll(egress())
            .addAll(logs())
            .addAll(forProxies())
            .add(MethodAccess.of(HEALTH + "Check", new Need.Nothing(), ALL_SERVICES))
            .add(MethodAccess.of(HEALTH + "Watch", new Need.Nothing(), ALL_SERVICES))
            .add(MethodAccess.of(REFLECTION + "ServerReflectionInfo", new Need.Known(), ALL_SERVICES))
            .add(MethodAccess.of(FORMER_REFLECTION + "ServerReflectionInfo", new Need.Known(), ALL_SERVICES))
            .build();

    private static final ImmutableSortedMap<String, MethodAccess> BY_METHOD = ALL.stream()
            .collect(ImmutableSortedMap.toImmutableSortedMap(
                    String::compareTo, MethodAccess::method, Function.identity()));

    private AccessTable() {}

    /// The row of a method.
    public static Optional<MethodAccess> find(String method) {
        return Optional.ofNullable(BY_METHOD.get(method));
    }

    /// All rows, service by service.
    public static List<MethodAccess> all() {
        return ALL;
    }

    private static List<MethodAccess> config() {
        var objects = "the object's own group and kind, in its namespace";
        return List.of(
                MethodAccess.of(CONFIG + "Apply", new Need.Inside("create, update or delete " + objects)),
                MethodAccess.of(CONFIG + "Validate", new Need.Inside("nothing; with against_head what Apply wants")),
                MethodAccess.of(CONFIG + "Get", new Need.Inside("get " + objects)),
                MethodAccess.of(CONFIG + "List", new Need.Inside("list " + objects + "; others are left out")),
                MethodAccess.of(CONFIG + "Delete", new Need.Inside("delete " + objects)),
                MethodAccess.of(CONFIG + "History", new Need.Inside("list " + objects + "; others are left out")),
                MethodAccess.of(
                        CONFIG + "Watch",
                        new Need.Rights(
                                "watch *.* in all namespaces", _ -> List.of(new Access(Verb.WATCH, "*", "*", ""))),
                        "accesslog",
                        "egress",
                        "secret",
                        "xds"),
                MethodAccess.of(
                        CONFIG + "Status",
                        new Need.Inside("list " + objects + "; others are left out"),
                        "accesslog",
                        "egress",
                        "secret",
                        "xds"));
    }

    private static List<MethodAccess> proxies() {
        return List.of(
                MethodAccess.of(
                        PROXY + "ListProxies",
                        new Need.Inside("list proxies.sallyport.io in their namespaces; others are left out"),
                        "accesslog",
                        "config"),
                MethodAccess.of(
                        PROXY + "GetProxyConfig",
                        new Need.Inside("get proxies.sallyport.io in the proxy's namespace"),
                        "accesslog",
                        "config"),
                MethodAccess.of(
                        PROXY + "AwaitLive",
                        new Need.Inside("list proxies.sallyport.io in their namespaces; others are only counted"),
                        "config"));
    }

    private static List<MethodAccess> secrets() {
        return List.of(
                MethodAccess.of(
                        SECRET + "PutSecret", rights("create and update secrets", PutSecretRequest.class, request -> {
                            var namespace = request.getName().getNamespace();
                            return Stream.of(Verb.CREATE, Verb.UPDATE)
                                    .map(verb -> new Access(verb, "", "secrets", namespace));
                        })),
                MethodAccess.of(
                        SECRET + "DeleteSecret",
                        rights(
                                "delete secrets",
                                DeleteSecretRequest.class,
                                request -> Stream.of(new Access(
                                        Verb.DELETE,
                                        "",
                                        "secrets",
                                        request.getName().getNamespace())))),
                MethodAccess.of(
                        SECRET + "ListSecrets",
                        rights(
                                "list secretstatuses.sallyport.io",
                                ListSecretsRequest.class,
                                request -> Stream.of(Access.own(Verb.LIST, SECRET_STATUSES, request.getNamespace()))),
                        "accesslog",
                        "config"),
                MethodAccess.of(
                        SECRET + "CheckSecrets",
                        new Need.Rights(
                                "list secretstatuses.sallyport.io in all namespaces",
                                _ -> List.of(Access.own(Verb.LIST, SECRET_STATUSES, ""))),
                        "config"));
    }

    private static List<MethodAccess> egress() {
        var words = "get egressverdicts.sallyport.io in the clients' namespaces";
        return List.of(
                MethodAccess.of(
                        EGRESS + "Evaluate",
                        rights(words, EvaluateRequest.class, request -> Stream.of(verdicts(request.getClient())))),
                MethodAccess.of(
                        EGRESS + "ListExternalServices",
                        rights(
                                "get egressverdicts.sallyport.io in the namespace",
                                ListExternalServicesRequest.class,
                                request -> Stream.of(verdicts(request.getNamespace())))),
                MethodAccess.of(
                        EGRESS + "Coverage",
                        rights(words, CoverageRequest.class, request -> Stream.of(verdicts(request.getNamespace())))),
                MethodAccess.of(
                        EGRESS + "Audit",
                        rights(
                                words + ", and get accesslogs.sallyport.io there",
                                AuditRequest.class,
                                request -> withLogs(request.getNamespace()))),
                MethodAccess.of(
                        EGRESS + "Suggest",
                        rights(
                                words + ", and get accesslogs.sallyport.io there",
                                SuggestRequest.class,
                                AccessTable::suggested)),
                MethodAccess.of(
                        EGRESS + "Lockdown",
                        rights(
                                words,
                                LockdownRequest.class,
                                request -> request.getNamespacesCount() == 0
                                        ? Stream.of(verdicts(""))
                                        : request.getNamespacesList().stream().map(AccessTable::verdicts))));
    }

    // Without destinations of its own it asks what was seen.
    private static Stream<Access> suggested(SuggestRequest request) {
        return Stream.concat(
                withLogs(request.getNamespace()),
                request.getDestinationsList().stream()
                        .map(Destination::getClient)
                        .map(AccessTable::verdicts));
    }

    private static Stream<Access> withLogs(String namespace) {
        return Stream.of(verdicts(namespace), Access.own(Verb.GET, ACCESS_LOGS, namespace));
    }

    private static Access verdicts(Client client) {
        return verdicts(client.getNamespace());
    }

    private static Access verdicts(String namespace) {
        return Access.own(Verb.GET, VERDICTS, namespace);
    }

    private static List<MethodAccess> logs() {
        var methods = List.of(
                "Search",
                "Histogram",
                "Top",
                "Percentiles",
                "Distinct",
                "GetRequest",
                "Compare",
                "Export",
                "Tail",
                "Completeness",
                "ListRules",
                "ListAttributes");
        var list = new ArrayList<MethodAccess>();
        for (var method : methods) {
            list.add(MethodAccess.of(
                    LOGS + method,
                    new Need.Inside("get accesslogs.sallyport.io in the rows' namespaces; others are left out"),
                    "egress"));
        }
        return list;
    }

    private static List<MethodAccess> forProxies() {
        return Stream.of(
                        ADS + "StreamAggregatedResources",
                        ADS + "DeltaAggregatedResources",
                        SDS + "StreamSecrets",
                        SDS + "DeltaSecrets",
                        SDS + "FetchSecrets",
                        ALS + "StreamAccessLogs",
                        OTLP + "Export")
                .map(method -> MethodAccess.of(method, new Need.ToBeWorkload()))
                .toList();
    }

    private static <Q extends Message> Need rights(String words, Class<Q> type, Function<Q, Stream<Access>> accesses) {
        return new Need.Rights(
                words, request -> accesses.apply(type.cast(request)).toList());
    }
}
