package io.sallyport.standalone.envoy;

import java.nio.file.Path;

/// How one Envoy is doing. `problem` is empty while it runs; else one line, such as `ended with code 1, next start in
/// 200 ms`.
public record EnvoyStatus(ProxyName proxy, boolean isRunning, long pid, int starts, String problem, Path adminSocket) {}
