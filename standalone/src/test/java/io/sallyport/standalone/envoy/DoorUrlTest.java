package io.sallyport.standalone.envoy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoorUrlTest {

    private static final Any HTTP = Any.pack(HttpConnectionManager.getDefaultInstance());
    private static final Any BYTES = Any.pack(TcpProxy.getDefaultInstance());

    private static String url(FilterChain... chains) {
        var listener = Listener.newBuilder().addAllFilterChains(List.of(chains));
        listener.getAddressBuilder()
                .getSocketAddressBuilder()
                .setAddress("0.0.0.0")
                .setPortValue(8443);
        return DoorUrl.of("127.0.0.1:8443", List.of(listener.build()));
    }

    private static FilterChain.Builder chain(Any filter) {
        return FilterChain.newBuilder().addFilters(Filter.newBuilder().setTypedConfig(filter));
    }

    @Test
    void aDoorIsNamedByWhatClientsSpeakThere() {
        var tls = TransportSocket.newBuilder().setName("envoy.transport_sockets.tls");
        var passed = chain(BYTES);
        passed.getFilterChainMatchBuilder().addServerNames("a.test");

        assertThat(url(chain(HTTP).build())).isEqualTo("http://localhost:8443");
        assertThat(url(chain(HTTP).setTransportSocket(tls).build())).isEqualTo("https://localhost:8443");
        assertThat(url(chain(HTTP).setTransportSocket(tls).build(), passed.build()))
                .isEqualTo("https://localhost:8443");
        assertThat(url(passed.build())).isEqualTo("tls://localhost:8443");
        assertThat(url(chain(BYTES).build())).isEqualTo("tcp://localhost:8443");
    }

    @Test
    void whatBindsNothingIsNoDoor() {
        var listener = Listener.newBuilder();
        listener.getAddressBuilder()
                .getSocketAddressBuilder()
                .setAddress("0.0.0.0")
                .setPortValue(80);

        assertThat(DoorUrl.isBound("0.0.0.0:80", List.of(listener.build()))).isTrue();
        assertThat(DoorUrl.isBound(
                        "0.0.0.0:80",
                        List.of(listener.setBindToPort(BoolValue.of(false)).build())))
                .isFalse();
    }

    @Test
    void anAddressThatNoListenerExplainsClaimsNothing() {
        assertThat(DoorUrl.of("127.0.0.1:8443", List.of())).isEqualTo("localhost:8443");
    }
}
