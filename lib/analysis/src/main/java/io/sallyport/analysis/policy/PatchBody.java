package io.sallyport.analysis.policy;

import com.google.common.base.Splitter;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.Empty;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.sallyport.model.EnvoyFilter.ApplyTo;
import io.sallyport.model.Value;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The value of an EnvoyFilter's patch against the Envoy message that it is a part of. Unknown fields pass,
/// since the Envoy that reads them may be newer. Of a `typed_config` only the name of its type is judged: an
/// `envoy.` type that is not known here may be known there, while those of API version 2 are gone for good.
final class PatchBody {

    private static final String TYPE = "@type";
    private static final JsonFormat.Parser READER = JsonFormat.parser()
            .usingTypeRegistry(JsonFormat.TypeRegistry.newBuilder()
                    .add(Empty.getDescriptor())
                    .build())
            .ignoringUnknownFields();

    private PatchBody() {}

    static Optional<String> problem(ApplyTo applyTo, Value.Struct value) {
        var target = message(applyTo);
        if (target == null || value.fields().isEmpty()) {
            return Optional.empty();
        }
        var unknown = unknownType(value);
        if (unknown.isPresent()) {
            return unknown;
        }
        try {
            READER.merge(json(value).toString(), target);
            return Optional.empty();
        } catch (InvalidProtocolBufferException e) {
            return Optional.of("the value is no part of a %s: %s (expected: Envoy's v3 API)"
                    .formatted(target.getDescriptorForType().getName(), firstLine(e.getMessage())));
        }
    }

    private static Message.@Nullable Builder message(ApplyTo applyTo) {
        return switch (applyTo) {
            case LISTENER -> Listener.newBuilder();
            case FILTER_CHAIN -> FilterChain.newBuilder();
            case NETWORK_FILTER -> Filter.newBuilder();
            case HTTP_FILTER -> HttpFilter.newBuilder();
            case LISTENER_FILTER -> ListenerFilter.newBuilder();
            case ROUTE_CONFIGURATION -> RouteConfiguration.newBuilder();
            case VIRTUAL_HOST -> VirtualHost.newBuilder();
            case HTTP_ROUTE -> Route.newBuilder();
            case CLUSTER -> Cluster.newBuilder();
            case EXTENSION_CONFIG -> TypedExtensionConfig.newBuilder();
            case BOOTSTRAP -> Bootstrap.newBuilder();
            case INVALID -> null;
        };
    }

    private static Optional<String> unknownType(Value value) {
        return switch (value) {
            case Value.Struct struct -> {
                if (struct.fields().get(TYPE) instanceof Value.Text(var url)) {
                    yield typeProblem(url);
                }
                yield struct.fields().values().stream()
                        .flatMap(field -> unknownType(field).stream())
                        .findFirst();
            }
            case Value.Sequence sequence ->
                sequence.items().stream()
                        .flatMap(item -> unknownType(item).stream())
                        .findFirst();
            case Value.Nothing _, Value.Bool _, Value.Num _, Value.Text _ -> Optional.empty();
        };
    }

    private static Optional<String> typeProblem(String url) {
        var name = url.substring(url.lastIndexOf('/') + 1);
        boolean old = name.startsWith("envoy.")
                && Splitter.on('.').splitToStream(name).anyMatch(part -> part.startsWith("v2"));
        boolean known = name.startsWith("envoy.")
                || name.startsWith("google.protobuf.")
                || name.startsWith("xds.")
                || name.startsWith("udpa.")
                || name.startsWith("istio.")
                || name.startsWith("stats.");
        return known && !old
                ? Optional.empty()
                : Optional.of("type \"%s\" is unknown (expected: one of Envoy's v3 API)".formatted(url));
    }

    private static JsonElement json(Value value) {
        return switch (value) {
            case Value.Nothing _ -> JsonNull.INSTANCE;
            case Value.Bool(var flag) -> new JsonPrimitive(flag);
            case Value.Num(var number) -> new JsonPrimitive(number);
            case Value.Text(var text) -> new JsonPrimitive(text);
            case Value.Sequence(var items) -> {
                var array = new JsonArray(items.size());
                items.forEach(item -> array.add(json(item)));
                yield array;
            }
            case Value.Struct(var fields) -> {
                var object = new JsonObject();
                if (fields.containsKey(TYPE)) {
                    object.addProperty(TYPE, "type.googleapis.com/google.protobuf.Empty");
                } else {
                    fields.forEach((name, field) -> object.add(name, json(field)));
                }
                yield object;
            }
        };
    }

    private static String firstLine(@Nullable String message) {
        return message == null ? "" : message.lines().findFirst().orElse("");
    }
}
