package io.sallyport.standalone.envoy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

record FakePlaces(Path root) implements EnvoyPlaces {

    @Override
    public Path proxies() {
        return root.resolve("proxies");
    }

    @Override
    public Path proxyFolder(ProxyName proxy) throws IOException {
        return Files.createDirectories(proxies().resolve(proxy.namespace()).resolve(proxy.name()));
    }

    @Override
    public Path adminSocket(ProxyName proxy) {
        return root.resolve(proxy.name() + ".sock");
    }

    @Override
    public Path secretSocket() {
        return root.resolve("sds.sock");
    }
}
