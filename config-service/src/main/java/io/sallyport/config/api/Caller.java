package io.sallyport.config.api;

import com.google.common.base.CharMatcher;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.sallyport.runtime.identity.Identity;
import java.net.InetSocketAddress;

/// Who makes a call, as far as bounds need to know, how many bytes of error details it takes, and who it says
/// it is.
///
/// Where a guard stands in front of the service, the author in the history is who the guard knows: `api ada`.
/// Else the user is a claim, such as `api ada@laptop`: whoever has the token may write any name there, and no
/// decision rests on it.
record Caller(String address, int detailBytes, String author) {

    private static final String API = "api";
    private static final int DETAIL_BYTES = 4 << 10;
    private static final int MAX_DETAIL_BYTES = 1 << 20;

    private static final Metadata.Key<String> DETAIL_HEADER =
            Metadata.Key.of("sallyport-detail-bytes", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> USER_HEADER =
            Metadata.Key.of("sallyport-user", Metadata.ASCII_STRING_MARSHALLER);
    private static final CharMatcher USER = CharMatcher.inRange('!', '~');
    private static final int MAX_USER = 128;
    private static final Context.Key<Caller> KEY =
            Context.keyWithDefault("caller", new Caller("in-process", DETAIL_BYTES, API));

    static Caller current() {
        return KEY.get();
    }

    /// Notes the caller of each call.
    static ServerInterceptor interceptor() {
        return new ServerInterceptor() {
            @Override
            public <Q, R> ServerCall.Listener<Q> interceptCall(
                    ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
                var context = Context.current().withValue(KEY, of(call, headers));
                return Contexts.interceptCall(context, call, headers, next);
            }
        };
    }

    private static Caller of(ServerCall<?, ?> call, Metadata headers) {
        var peer = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
        var address = peer instanceof InetSocketAddress socket ? socket.getHostString() : String.valueOf(peer);
        return new Caller(address, detailBytes(headers), author(headers));
    }

    private static String author(Metadata headers) {
        var known = io.sallyport.runtime.identity.Caller.current().identity();
        return switch (known) {
            case Identity.Local _ -> claimed(headers);
            case Identity.User user -> API + " " + printable(user.name());
            case Identity.Workload workload -> API + " " + workload.user();
            case Identity.Service service -> service.toString();
        };
    }

    private static String printable(String name) {
        var printed = CharMatcher.inRange(' ', '~').negate().replaceFrom(name, '?');
        return printed.substring(0, Math.min(MAX_USER, printed.length()));
    }

    private static String claimed(Metadata headers) {
        var user = headers.get(USER_HEADER);
        return user == null || user.isEmpty() || user.length() > MAX_USER || !USER.matchesAllOf(user)
                ? API
                : API + " " + user;
    }

    private static int detailBytes(Metadata headers) {
        var wanted = headers.get(DETAIL_HEADER);
        if (wanted == null || !wanted.matches("[0-9]{1,9}")) {
            return DETAIL_BYTES;
        }
        return Math.min(Integer.parseInt(wanted), MAX_DETAIL_BYTES);
    }
}
