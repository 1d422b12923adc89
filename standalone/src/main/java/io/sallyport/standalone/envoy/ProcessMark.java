package io.sallyport.standalone.envoy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Names a process for good. A process id alone may belong to another process tomorrow; with the start time it cannot.
public record ProcessMark(long pid, String started) {

    /// The mark of a process that runs; empty: there is none of that id.
    public static Optional<ProcessMark> of(long pid) {
        return started(pid).map(started -> new ProcessMark(pid, started));
    }

    /// Whether that very process still runs. A zombie does not: it has ended and nobody has asked for its code.
    boolean isAlive() {
        return started(pid).filter(started::equals).isPresent();
    }

    void terminate() {
        if (isAlive()) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroy);
        }
    }

    void kill() {
        if (isAlive()) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    private static Optional<String> started(long pid) {
        var stat = Path.of("/proc", Long.toString(pid), "stat");
        if (!Files.exists(Path.of("/proc/self/stat"))) {
            return ProcessHandle.of(pid)
                    .filter(ProcessHandle::isAlive)
                    .flatMap(handle -> handle.info().startInstant().map(Object::toString));
        }
        try {
            // "4711 (envoy) S 1 …": the name may hold spaces and brackets, so count from its last bracket on.
            var text = Files.readString(stat);
            var fields = text.substring(text.lastIndexOf(')') + 2).split(" ");
            var state = fields[0];
            return state.equals("Z") || state.equals("X") ? Optional.empty() : Optional.of(fields[19] + "@" + boot());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    // Start times count from the boot of the machine, so they are told apart by it.
    private static String boot() throws IOException {
        return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    }
}
