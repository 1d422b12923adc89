package io.sallyport.runtime.file;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Tells what happens in directories. Used by one thread; only [#wake] and [#close] come from others.
public interface FileEvents extends AutoCloseable {

    /// The operating system's own.
    static FileEvents open() throws IOException {
        return Inotify.open();
    }

    /// Also watches a directory, known as `relative` (`""` is the root). False if the system refuses one more.
    boolean watch(Path folder, String relative);

    /// Forgets the names of all directories: those that are still there are watched again.
    void forgetNames();

    /// What happened since the last call. Waits for the first event, at most `millis`.
    List<FileEvent> poll(long millis);

    /// Ends a waiting poll.
    void wake();

    @Override
    void close();
}
