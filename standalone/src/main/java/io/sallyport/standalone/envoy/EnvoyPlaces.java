package io.sallyport.standalone.envoy;

import java.io.IOException;
import java.nio.file.Path;

/// Where the files of Envoys are: the data folder, as this package sees it.
public interface EnvoyPlaces {

    /// Holds one folder per namespace with one folder per proxy in it.
    Path proxies();

    /// The folder of one proxy, made if needed.
    Path proxyFolder(ProxyName proxy) throws IOException;

    Path adminSocket(ProxyName proxy);

    /// Where proxies get their secrets.
    Path secretSocket();
}
