package io.sallyport.config.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.sallyport.config.testing.FakeReader;
import io.sallyport.config.testing.PostgresProcess;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Two config-services on one PostgreSQL.
class ReplicasTest {

    private static final int WRITERS = 4;
    private static final int ROUNDS = Boolean.getBoolean("sallyport.nightly") ? 500 : 25;

    private final List<RevisionLog> logs = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        var database = PostgresProcess.database();
        for (int i = 0; i < 2; i++) {
            logs.add(
                    RevisionLog.open(database, new FakeReader(), accepted -> ByteString.EMPTY, InstantSource.system()));
        }
    }

    @AfterEach
    void close() {
        logs.forEach(RevisionLog::close);
    }

    private static ChangeRequest apply(OptionalLong expected, String text) {
        return new ChangeRequest(
                Owner.API, "api", text, List.of(FakeReader.object(text)), List.of(), expected, false, Optional.empty());
    }

    private static void awaitRevision(RevisionLog log, long revision) throws Exception {
        var reached = new CountDownLatch(1);
        Runnable look = () -> {
            if (log.published().state().revision() >= revision) {
                reached.countDown();
            }
        };
        try (var subscription = log.subscribe(look)) {
            assertThat(subscription).isNotNull();
            look.run();
            assertThat(reached.await(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void aRevisionOfOneIsSeenByTheOther() throws Exception {
        logs.get(0).submit(apply(OptionalLong.empty(), "Gateway shop/a one"));

        awaitRevision(logs.get(1), 1);

        assertThat(logs.get(1).published().state().find(new ObjectRef(Kind.GATEWAY, "shop", "a")))
                .isPresent();
    }

    @Test
    void theExpectedRevisionIsComparedWithWhatTheOtherHasWritten() throws Exception {
        logs.get(0).submit(apply(OptionalLong.empty(), "Gateway shop/a one"));

        var outcome = logs.get(1).submit(apply(OptionalLong.of(0), "Gateway shop/a two"));

        assertThat(outcome).isEqualTo(new Outcome.OtherHead(0, 1));
    }

    /// Every writer takes part in one counter by comparing and setting: each value is written once, whoever wins.
    @Test
    @Tag("F20")
    void writersOnBothAgreeOnOneOrder() throws Exception {
        var won = new ConcurrentSkipListMap<Long, String>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var running = new ArrayList<Future<?>>();
            for (int writer = 0; writer < WRITERS; writer++) {
                int number = writer;
                running.add(threads.submit(() -> {
                    write(logs.get(number % 2), number, won);
                    return null;
                }));
            }
            for (var task : running) {
                task.get();
            }
        }

        long head = WRITERS * (long) ROUNDS;
        assertThat(won).hasSize((int) head);
        for (var log : logs) {
            awaitRevision(log, head);
            var history = new TreeMap<Long, String>();
            log.history(Optional.empty(), Long.MAX_VALUE, 5_000)
                    .forEach(entry ->
                            history.put(entry.header().number(), entry.header().message()));
            assertThat(history).isEqualTo(won);
            assertThat(log.verify()).isEmpty();
        }
        assertThat(logs.get(0).published().state().objects())
                .isEqualTo(logs.get(1).published().state().objects());
    }

    private static void write(RevisionLog log, int writer, ConcurrentNavigableMap<Long, String> won) throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            var text = "Gateway shop/counter " + writer + "." + round;
            while (true) {
                long head = log.published().state().revision();
                if (log.submit(apply(OptionalLong.of(head), text)) instanceof Outcome.Accepted accepted) {
                    assertThat(accepted.revision()).isEqualTo(head + 1);
                    assertThat(won.put(accepted.revision(), text)).isNull();
                    break;
                }
            }
        }
    }
}
