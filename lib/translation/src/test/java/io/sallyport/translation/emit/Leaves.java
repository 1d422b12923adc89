package io.sallyport.translation.emit;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.route.v3.FilterConfig;
import io.envoyproxy.envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.lua.v3.Lua;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.http.stateful_session.v3.StatefulSession;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation;
import io.envoyproxy.envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import java.util.ArrayList;
import java.util.List;

/// The texts in a message, keys of maps and what is packed included.
final class Leaves {

    private static final List<Message> PACKED = List.of(
            Cors.getDefaultInstance(),
            CorsPolicy.getDefaultInstance(),
            FilterConfig.getDefaultInstance(),
            HTTPFault.getDefaultInstance(),
            HeaderMutation.getDefaultInstance(),
            HttpConnectionManager.getDefaultInstance(),
            HttpProtocolOptions.getDefaultInstance(),
            Lua.getDefaultInstance(),
            PreviousHostsPredicate.getDefaultInstance(),
            Router.getDefaultInstance(),
            StatefulSession.getDefaultInstance(),
            TcpGrpcAccessLogConfig.getDefaultInstance(),
            TcpProxy.getDefaultInstance());

    private Leaves() {}

    static List<String> of(Message message) {
        var leaves = new ArrayList<String>();
        collect(message, leaves);
        return leaves;
    }

    private static void collect(Object value, List<String> leaves) {
        switch (value) {
            case Any any -> collect(unpacked(any), leaves);
            case Message message -> message.getAllFields().values().forEach(field -> collect(field, leaves));
            case List<?> items -> items.forEach(item -> collect(item, leaves));
            case String text -> leaves.add(text);
            case ByteString bytes -> leaves.add(bytes.toStringUtf8());
            default -> {}
        }
    }

    static Message unpacked(Any any) {
        try {
            for (var type : PACKED) {
                if (any.is(type.getClass())) {
                    return type.getParserForType().parseFrom(any.getValue());
                }
            }
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("a type that no test knows: " + any.getTypeUrl());
    }
}
