package io.sallyport.accesslog.receive;

import io.sallyport.proto.accesslog.v1.CompletenessResponse;
import io.sallyport.proto.accesslog.v1.LedgerPage;
import io.sallyport.proto.accesslog.v1.ProxyCounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps a [Ledger] on disk: a file for each hour, written at most a second after it has changed, whole or not at all.
///
/// A kill may cost the counts of the last second. What was received in it is in the spool, so the store tells it; and
/// what the proxies count is asked again from where the file says.
public final class LedgerFolder implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LedgerFolder.class);
    private static final String SUFFIX = ".ledger";
    private static final long EVERY_MILLIS = 1_000;

    private final Path folder;
    private final Ledger ledger;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread = Thread.ofPlatform().name("ledger").daemon().unstarted(this::run);

    private LedgerFolder(Path folder, Ledger ledger) {
        this.folder = folder;
        this.ledger = ledger;
    }

    /// Reads what is there into the ledger, but for hours that are older than `life`, which are deleted; then keeps it.
    public static LedgerFolder open(Path folder, Ledger ledger, Duration life, InstantSource clock) throws IOException {
        Files.createDirectories(folder);
        var kept = new LedgerFolder(folder, ledger);
        kept.read(Math.floorDiv(clock.instant().minus(life).getEpochSecond(), Ledger.HOUR));
        kept.thread.start();
        return kept;
    }

    private void read(long oldestHour) throws IOException {
        try (var files = Files.list(folder)) {
            for (var file : files.sorted().toList()) {
                var name = file.getFileName().toString();
                if (!name.endsWith(SUFFIX)) {
                    continue;
                }
                if (Long.parseLong(name.substring(0, name.length() - SUFFIX.length())) < oldestHour) {
                    Files.delete(file);
                    continue;
                }
                var page = LedgerPage.parseFrom(Files.readAllBytes(file));
                page.getLinesList().forEach(line -> ledger.restore(line(line)));
                page.getCountsList()
                        .forEach(each -> ledger.restore(
                                each.getRun(),
                                new Ledger.Heard(
                                        new Ledger.Totals(each.getWritten(), each.getDropped(), each.getServed()),
                                        each.getAsked())));
            }
        }
        ledger.takeChanged();
    }

    private static Ledger.Line line(CompletenessResponse.Line line) {
        return new Ledger.Line(
                new Proxy(line.getProxyNamespace(), line.getProxy()),
                line.getMinute().getSeconds(),
                line.getReceived(),
                line.hasWritten() ? OptionalLong.of(line.getWritten()) : OptionalLong.empty(),
                line.getDroppedByProxy(),
                line.hasServed() ? OptionalLong.of(line.getServed()) : OptionalLong.empty(),
                line.getLostMap());
    }

    private void run() {
        try {
            while (!stop.await(EVERY_MILLIS, TimeUnit.MILLISECONDS)) {
                write();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write() {
        for (var hour : ledger.takeChanged()) {
            try {
                write(hour);
            } catch (IOException e) {
                log.atWarn().setCause(e).log("Counts of received rows cannot be kept");
            }
        }
    }

    private void write(long hour) throws IOException {
        var page = LedgerPage.newBuilder();
        var kept = ledger.page(hour);
        kept.heard()
                .forEach((run, heard) -> page.addCounts(ProxyCounts.newBuilder()
                        .setRun(run)
                        .setWritten(heard.totals().written())
                        .setDropped(heard.totals().dropped())
                        .setServed(heard.totals().served())
                        .setAsked(heard.second())));
        for (var line : kept.lines()) {
            var out = page.addLinesBuilder()
                    .setProxyNamespace(line.proxy().namespace())
                    .setProxy(line.proxy().name())
                    .setReceived(line.received())
                    .setDroppedByProxy(line.dropped())
                    .putAllLost(line.lost());
            out.getMinuteBuilder().setSeconds(line.minute());
            line.written().ifPresent(out::setWritten);
            line.served().ifPresent(out::setServed);
        }
        var part = folder.resolve(hour + ".part");
        Files.write(part, page.build().toByteArray());
        Files.move(
                part,
                folder.resolve(hour + SUFFIX),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void close() {
        stop.countDown();
        try {
            thread.join(Duration.ofSeconds(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        write();
    }
}
