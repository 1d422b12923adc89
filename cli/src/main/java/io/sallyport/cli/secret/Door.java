package io.sallyport.cli.secret;

import com.google.common.collect.ImmutableList;
import java.util.List;

/// One name under which a gateway ends TLS: who asks for `sni` at `host:port` is shown one of these secrets.
///
/// `secrets` and `authority` are names as `sallyport secrets` has them (`istio-system/shop`, `file-cert:…`);
/// `authority` is empty where clients are asked for nothing.
record Door(String sni, String gateway, String host, int port, List<String> secrets, String authority) {

    Door {
        secrets = ImmutableList.copyOf(secrets);
    }

    String address() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
