package io.sallyport.runtime.file;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/// Linux's own directory events. Java's `WatchService` does not tell when a writer closes a file, and without that a
/// half-written file cannot be told from a whole one.
final class Inotify implements FileEvents {

    // From <sys/inotify.h>, which is part of Linux's stable interface.
    private static final int IN_MODIFY = 0x2;
    private static final int IN_ATTRIB = 0x4;
    private static final int IN_CLOSE_WRITE = 0x8;
    private static final int IN_MOVED_FROM = 0x40;
    private static final int IN_MOVED_TO = 0x80;
    private static final int IN_CREATE = 0x100;
    private static final int IN_DELETE = 0x200;
    private static final int IN_DELETE_SELF = 0x400;
    private static final int IN_MOVE_SELF = 0x800;
    private static final int IN_OVERFLOW = 0x4000;
    private static final int IN_IGNORED = 0x8000;
    private static final int IN_ISDIR = 0x4000_0000;
    private static final int IN_ONLYDIR = 0x100_0000;
    private static final int WANTED = IN_MODIFY
            | IN_ATTRIB
            | IN_CLOSE_WRITE
            | IN_MOVED_FROM
            | IN_MOVED_TO
            | IN_CREATE
            | IN_DELETE
            | IN_DELETE_SELF
            | IN_MOVE_SELF
            | IN_ONLYDIR;
    private static final int CLOSE_ON_EXEC_NONBLOCK = 0x80800;
    private static final short POLL_IN = 1;
    private static final int HEADER_BYTES = 16;
    private static final int BUFFER_BYTES = 64 << 10;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle INIT =
            find("inotify_init1", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle ADD = find(
            "inotify_add_watch",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    private static final MethodHandle POLL = find(
            "poll",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
    private static final MethodHandle READ = find(
            "read",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    private static final MethodHandle EVENTFD =
            find("eventfd", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    private static final MethodHandle EVENTFD_WRITE = find(
            "eventfd_write", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    private static final MethodHandle CLOSE =
            find("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer = arena.allocate(BUFFER_BYTES, 8);
    private final MemorySegment polled = arena.allocate(16, 8);
    private final int events;
    private final int waker;
    // A directory that is reached by two ways has one number and two names.
    private final Map<Integer, TreeSet<String>> names = new HashMap<>();

    private Inotify(int events, int waker) {
        this.events = events;
        this.waker = waker;
    }

    // Calling into the C library is what this class is for; the launcher allows it.
    @SuppressWarnings("restricted")
    private static MethodHandle find(String function, FunctionDescriptor shape) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(function), shape);
    }

    static Inotify open() throws IOException {
        int events = call(() -> (int) INIT.invokeExact(CLOSE_ON_EXEC_NONBLOCK));
        if (events < 0) {
            throw new IOException("inotify is not available: too many instances");
        }
        return new Inotify(events, call(() -> (int) EVENTFD.invokeExact(0, CLOSE_ON_EXEC_NONBLOCK)));
    }

    private interface Downcall<T> {
        T run() throws Throwable;
    }

    @SuppressWarnings("CatchingUnchecked")
    private static <T> T call(Downcall<T> downcall) {
        try {
            return downcall.run();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("A call into the C library failed", e);
        }
    }

    @Override
    public boolean watch(Path folder, String relative) {
        try (var scratch = Arena.ofConfined()) {
            var path = scratch.allocateFrom(folder.toString());
            int number = call(() -> (int) ADD.invokeExact(events, path, WANTED));
            if (number < 0) {
                return false;
            }
            names.computeIfAbsent(number, absent -> new TreeSet<>()).add(relative);
            return true;
        }
    }

    @Override
    public void forgetNames() {
        names.clear();
    }

    @Override
    public List<FileEvent> poll(long millis) {
        polled.set(ValueLayout.JAVA_INT, 0, events);
        polled.set(ValueLayout.JAVA_INT, 4, POLL_IN);
        polled.set(ValueLayout.JAVA_INT, 8, waker);
        polled.set(ValueLayout.JAVA_INT, 12, POLL_IN);
        int timeout = (int) Math.min(millis, Integer.MAX_VALUE);
        call(() -> (int) POLL.invokeExact(polled, 2L, timeout));
        // Reading it sets it back.
        call(() -> (long) READ.invokeExact(waker, buffer, 8L));
        var result = new ArrayList<FileEvent>();
        while (true) {
            long length = call(() -> (long) READ.invokeExact(events, buffer, (long) BUFFER_BYTES));
            if (length <= 0) {
                return result;
            }
            parse(length, result);
        }
    }

    private void parse(long length, List<FileEvent> result) {
        long at = 0;
        while (at + HEADER_BYTES <= length) {
            int number = buffer.get(ValueLayout.JAVA_INT, at);
            int mask = buffer.get(ValueLayout.JAVA_INT, at + 4);
            int nameBytes = buffer.get(ValueLayout.JAVA_INT, at + 12);
            var name = nameBytes == 0 ? "" : buffer.getString(at + HEADER_BYTES, StandardCharsets.UTF_8);
            at += HEADER_BYTES + nameBytes;
            add(number, mask, name, result);
        }
    }

    private void add(int number, int mask, String name, List<FileEvent> result) {
        if ((mask & IN_IGNORED) != 0) {
            names.remove(number);
            return;
        }
        boolean tree = (mask & (IN_OVERFLOW | IN_ISDIR | IN_DELETE_SELF | IN_MOVE_SELF)) != 0;
        if (tree || name.isEmpty()) {
            if ((mask & (IN_ISDIR | IN_ATTRIB)) != (IN_ISDIR | IN_ATTRIB)) {
                result.add(new FileEvent("", FileEvent.Type.TREE));
            }
            return;
        }
        for (var folder : names.getOrDefault(number, new TreeSet<>())) {
            result.add(new FileEvent(folder.isEmpty() ? name : folder + "/" + name, type(mask)));
        }
    }

    private static FileEvent.Type type(int mask) {
        if ((mask & (IN_DELETE | IN_MOVED_FROM)) != 0) {
            return FileEvent.Type.GONE;
        }
        if ((mask & IN_MOVED_TO) != 0) {
            return FileEvent.Type.ARRIVED;
        }
        if ((mask & IN_CLOSE_WRITE) != 0) {
            return FileEvent.Type.WRITTEN;
        }
        if ((mask & IN_CREATE) != 0) {
            return FileEvent.Type.MADE;
        }
        // A change of attributes may make an unreadable file readable; it is looked at like a write that ended.
        return (mask & IN_MODIFY) != 0 ? FileEvent.Type.WRITING : FileEvent.Type.WRITTEN;
    }

    @Override
    public void wake() {
        call(() -> (int) EVENTFD_WRITE.invokeExact(waker, 1L));
    }

    @Override
    public void close() {
        call(() -> (int) CLOSE.invokeExact(events));
        call(() -> (int) CLOSE.invokeExact(waker));
        arena.close();
    }
}
