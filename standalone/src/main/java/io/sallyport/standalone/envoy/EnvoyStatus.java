package io.sallyport.standalone.envoy;

import java.nio.file.Path;
import java.time.Instant;

/// How one Envoy is doing. `problem` is empty while it runs; else one line, such as `was killed by signal 11 (SIGSEGV);
/// last line: …`. `since` is when the running process was started: long ago for one that was adopted, whose discovery
/// stream may be older than our knowledge of it.
public record EnvoyStatus(
        ProxyName proxy, boolean isRunning, long pid, Instant since, int starts, String problem, Path adminSocket) {}
