package io.sallyport.accesslog.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.grpc.Context;
import io.sallyport.accesslog.rollup.RollupAnswer;
import io.sallyport.accesslog.rollup.RollupQuestion;
import io.sallyport.accesslog.rollup.RollupSum;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Rows in DuckDB, in this process: one file per day of arrival, each with the offsets table inside, since a
/// transaction can write one file only.
///
/// A file is named for the day on which its rows came, not for the days of their requests, so that a batch is
/// never split; a question looks into the files whose rows can be meant. Old days are deleted as files,
/// because DuckDB does not shrink one.
///
/// The connection can open nothing outside the folder, and its settings are locked: a statement that should ever be
/// made wrongly finds no door.
public final class DuckStore implements LogStore {

    private static final Logger log = LoggerFactory.getLogger(DuckStore.class);
    private static final String PREFIX = "rows-";
    private static final String SUFFIX = ".duckdb";
    private static final int MAX_READERS = 4;
    // As DuckDB says it of a file that it will not touch any more.
    private static final String INVALIDATED = "has been invalidated";
    // A checkpoint writes the last, unfinished group of 122,880 rows again: after every second batch, as DuckDB has
    // it, that is two thirds of all work. What is not checkpointed is read from the log at the next start.
    private static final int MAX_CHECKPOINT_MEGABYTES = 256;
    // The newest rows are first looked for by the columns of the filter, and only those that are found are read whole:
    // DuckDB does so for fifty, and a page has up to a thousand and is asked for with one more.
    private static final int MAX_LATE = 1_001;

    private final DuckSettings settings;
    private final InstantSource clock;
    private final String home;
    private final Connection connection;
    private final Semaphore readers = new Semaphore(MAX_READERS, true);
    private final Object days = new Object();

    @GuardedBy("days") private final TreeMap<LocalDate, DuckDay> attached = new TreeMap<>();

    // The newest day, which is to be attached again.
    @GuardedBy("writer") private boolean isDetached;

    private final DuckWriter writer;
    private final DuckParquet parquet;
    private final ExecutorService closing = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("closed-days").daemon().factory());

    private DuckStore(DuckSettings settings, InstantSource clock, String home, Connection connection)
            throws SQLException, IOException {
        this.home = home;
        this.parquet = new DuckParquet(settings.folder());
        this.settings = settings;
        this.clock = clock;
        this.connection = connection;
        this.writer = new DuckWriter(connection.unwrap(DuckDBConnection.class));
    }

    /// Opens the store of a folder, or makes it. One process at a time can: DuckDB locks its files.
    ///
    /// @param home the topic that rows are of which an older Sallyport stored, when a file had one only
    public static DuckStore open(DuckSettings settings, InstantSource clock, String home) throws StoreException {
        try {
            Files.createDirectories(
                    settings.folder(),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            var connection = DriverManager.getConnection("jdbc:duckdb:");
            forgetLibrary();
            var store = new DuckStore(settings, clock, home, connection);
            store.confine();
            store.attachAll();
            return store;
        } catch (IOException | SQLException e) {
            throw new StoreException("rows in " + settings.folder() + " cannot be opened: " + e.getMessage(), e);
        }
    }

    // The driver unpacks its library into the folder of temporary files and deletes it at the end, which a kill does
    // not
    // wait for: 70 MB each time. Once it is loaded Linux does not need its name any more.
    private static void forgetLibrary() {
        try (var maps = Files.lines(Path.of("/proc/self/maps"))) {
            var library = maps.map(line -> line.substring(line.indexOf('/') + 1))
                    .filter(path -> path.endsWith(".so") && path.contains("/libduckdb_java"))
                    .findFirst();
            if (library.isPresent()) {
                Files.deleteIfExists(Path.of("/" + library.get()));
            }
        } catch (IOException e) {
            log.atDebug().setCause(e).log("DuckDB's library stays where it was unpacked");
        }
    }

    private void confine() throws SQLException {
        var folder = settings.folder().toAbsolutePath().normalize();
        try (var statement = connection.createStatement()) {
            statement.execute("SET memory_limit = '" + settings.memoryMegabytes() + "MB'");
            statement.execute("SET threads = " + settings.threads());
            statement.execute("SET temp_directory = '" + quoted(folder.resolve("temp")) + "'");
            statement.execute("SET checkpoint_threshold = '"
                    + Math.min(MAX_CHECKPOINT_MEGABYTES, settings.memoryMegabytes() / 4) + "MB'");
            statement.execute("SET late_materialization_max_rows = " + MAX_LATE);
            statement.execute("SET autoinstall_known_extensions = false");
            statement.execute("SET autoload_known_extensions = false");
            statement.execute("SET allowed_directories = ['" + quoted(folder) + "/']");
            statement.execute("SET enable_external_access = false");
            statement.execute("SET lock_configuration = true");
        }
    }

    // The folder is the operator's, not a caller's.
    private static String quoted(Path path) {
        return path.toString().replace("'", "''");
    }

    private void attachAll() throws SQLException, IOException {
        try (var files = Files.list(settings.folder())) {
            for (var file : files.sorted().toList()) {
                var name = file.getFileName().toString();
                if (name.startsWith(PREFIX) && name.endsWith(SUFFIX)) {
                    attach(LocalDate.parse(name.substring(PREFIX.length(), name.length() - SUFFIX.length())));
                }
            }
        }
        synchronized (days) {
            for (var day : attached.values()) {
                writer.recover(day);
            }
        }
        closeDays();
    }

    // All but the newest get no more rows.
    private void closeDays() {
        synchronized (days) {
            var closed = attached.isEmpty()
                    ? List.<DuckDay>of()
                    : List.copyOf(attached.headMap(attached.lastKey()).values());
            for (var day : closed) {
                closing.execute(() -> writeClosed(day));
            }
        }
    }

    private void writeClosed(DuckDay day) {
        readers.acquireUninterruptibly();
        try {
            if (Files.exists(day.file())) {
                parquet.close(connection, day);
            }
        } finally {
            readers.release();
        }
    }

    private DuckDay attach(LocalDate date) throws SQLException {
        var file = settings.folder()
                .resolve(PREFIX + date + SUFFIX)
                .toAbsolutePath()
                .normalize();
        var catalog = "d" + date.format(DateTimeFormatter.BASIC_ISO_DATE);
        try (var statement = connection.createStatement()) {
            // What failed half-way before is taken up again.
            statement.execute("ATTACH IF NOT EXISTS '" + quoted(file) + "' AS " + catalog);
        }
        var day = DuckDay.prepared(connection, date, file, catalog, home);
        synchronized (days) {
            attached.put(date, day);
        }
        return day;
    }

    @Override
    public SortedMap<Integer, Long> next(String topic) {
        return writer.next(topic);
    }

    @Override
    public SortedMap<String, TopicIdentity> topics() {
        return writer.topics();
    }

    @Override
    public void identify(String topic, TopicIdentity identity) throws StoreException {
        write((day, now) -> writer.identify(day, topic, identity, now));
    }

    @Override
    public void append(String topic, List<KafkaRow> rows, Map<Integer, Long> next) throws StoreException {
        write((day, now) -> writer.append(day, topic, rows, next, now));
    }

    /// What is written into the file of today.
    private interface Writing {
        void into(DuckDay day, Instant now) throws SQLException;
    }

    private void write(Writing writing) throws StoreException {
        var now = clock.instant();
        // The connection is for one thread at a time, from the start of a day to the end of the transaction.
        synchronized (writer) {
            try {
                if (isDetached) {
                    again();
                }
                writing.into(today(now), now);
            } catch (SQLException e) {
                reopen(e);
                throw new StoreException("rows cannot be stored: " + e.getMessage(), e);
            }
        }
    }

    // A checkpoint that found no room makes DuckDB refuse the file from then on, for questions too, until it is
    // attached anew. What it has is in its log.
    @GuardedBy("writer") private void reopen(SQLException failure) {
        if (!String.valueOf(failure.getMessage()).contains(INVALIDATED)) {
            return;
        }
        try {
            again();
        } catch (SQLException e) {
            // Tried again with the next rows, whose failure is told.
            failure.addSuppressed(e);
        }
    }

    @GuardedBy("writer") private void again() throws SQLException {
        // No reader may be in the file while it is away.
        readers.acquireUninterruptibly(MAX_READERS);
        try {
            DuckDay broken;
            synchronized (days) {
                broken = attached.lastEntry().getValue();
            }
            if (!isDetached) {
                try (var statement = connection.createStatement()) {
                    statement.execute("DETACH " + broken.catalog());
                }
                isDetached = true;
            }
            writer.recover(attach(broken.date()));
            isDetached = false;
        } finally {
            readers.release(MAX_READERS);
        }
    }

    private DuckDay today(Instant now) throws SQLException {
        var date = LocalDate.ofInstant(now, ZoneOffset.UTC);
        DuckDay last;
        synchronized (days) {
            last = attached.isEmpty() ? null : attached.lastEntry().getValue();
        }
        // A clock that was set back does not make the store write into the past.
        if (last != null && !last.date().isBefore(date)) {
            return last;
        }
        var day = attach(date);
        prune(now);
        closeDays();
        return day;
    }

    /// Deletes the days that are too old, and the oldest ones beyond the size. The newest stays.
    public void prune(Instant now) {
        var oldest = LocalDate.ofInstant(now.minus(settings.maxAge()), ZoneOffset.UTC);
        if (!isTooMuch(oldest)) {
            return;
        }
        // No reader may be in a file that goes. Readers take their place first and look at the days then: so do we.
        readers.acquireUninterruptibly(MAX_READERS);
        try {
            synchronized (days) {
                while (isTooMuch(oldest)) {
                    var first = attached.firstEntry().getValue();
                    if (!delete(first)) {
                        return;
                    }
                    attached.remove(first.date());
                }
            }
        } finally {
            readers.release(MAX_READERS);
        }
    }

    private boolean isTooMuch(LocalDate oldest) {
        synchronized (days) {
            return attached.size() > 1 && (attached.firstKey().isBefore(oldest) || bytes() > settings.maxBytes());
        }
    }

    private boolean delete(DuckDay day) {
        try (var statement = connection.createStatement()) {
            statement.execute("DETACH " + day.catalog());
            day.rollups().forget();
            Files.deleteIfExists(day.file());
            parquet.delete(day);
            Files.deleteIfExists(Path.of(day.file() + ".wal"));
            log.atInfo().addKeyValue("day", day.date()).log("Deleted the rows of a day");
            return true;
        } catch (SQLException | IOException e) {
            log.atWarn().addKeyValue("day", day.date()).setCause(e).log("Rows of a day cannot be deleted");
            return false;
        }
    }

    @Override
    public Dialect dialect() {
        return new DuckDialect();
    }

    @Override
    public void read(Sql sql, ReadBounds bounds, RowVisitor visitor) throws StoreException, BoundExceededException {
        enter();
        try {
            var table = table(sql.from(), sql.to());
            if (table == null) {
                return;
            }
            run(sql, table, bounds, visitor);
        } finally {
            readers.release();
        }
    }

    @Override
    public Optional<RollupAnswer> sums(RollupQuestion question, ReadBounds bounds) throws StoreException {
        enter();
        try (var own = connection.unwrap(DuckDBConnection.class).duplicate()) {
            var sum = new RollupSum(question);
            for (var day : meant(question.from(), question.to())) {
                if (!day.rollups().addTo(sum, own)) {
                    return Optional.empty();
                }
            }
            return sum.isKnown() ? Optional.of(sum.answer()) : Optional.empty();
        } catch (SQLException e) {
            throw new StoreException("question cannot be answered by the store", e);
        } finally {
            readers.release();
        }
    }

    private List<DuckDay> meant(long from, long to) {
        synchronized (days) {
            return attached.values().stream()
                    .filter(day -> day.mayHold(from, to))
                    .toList();
        }
    }

    @Override
    public void parquet(Sql sql, ReadBounds bounds, ParquetReader reader)
            throws StoreException, BoundExceededException, IOException {
        var file = parquet.place();
        if (isEmpty()) {
            // No rows are a file too, with all its columns: those of today's table.
            write((_, _) -> {});
        }
        enter();
        try {
            var table = Objects.requireNonNull(table(sql.from(), sql.to()));
            try (var own = connection.unwrap(DuckDBConnection.class).duplicate();
                    var statement = own.prepareStatement(DuckParquet.copy(sql.over(table), file));
                    var _ = Hangup.of(statement)) {
                for (var i = 0; i < sql.parameters().size(); i++) {
                    statement.setObject(i + 1, sql.parameters().get(i));
                }
                statement.setQueryTimeout(bounds.seconds());
                statement.execute();
            } catch (SQLException e) {
                throw failure(e, bounds);
            }
        } finally {
            readers.release();
        }
        try {
            reader.read(file);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private boolean isEmpty() {
        synchronized (days) {
            return attached.isEmpty();
        }
    }

    private void enter() throws StoreException {
        try {
            readers.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("question was given up", e);
        }
    }

    // All columns of all days whose rows can be meant; null if there are none.
    private @Nullable String table(long from, long to) {
        synchronized (days) {
            var meant = meant(from, to);
            if (meant.isEmpty()) {
                return attached.isEmpty()
                        ? null
                        : attached.lastEntry().getValue().catalog() + ".rows";
            }
            if (meant.size() == 1) {
                return meant.getFirst().catalog() + ".rows";
            }
            return meant.stream()
                    .map(day -> "SELECT * FROM " + day.catalog() + ".rows")
                    .collect(Collectors.joining(" UNION ALL BY NAME ", "(", ")"));
        }
    }

    private void run(Sql sql, String table, ReadBounds bounds, RowVisitor visitor)
            throws StoreException, BoundExceededException {
        try (var own = connection.unwrap(DuckDBConnection.class).duplicate();
                var statement = own.prepareStatement(sql.over(table));
                var _ = Hangup.of(statement)) {
            for (var i = 0; i < sql.parameters().size(); i++) {
                statement.setObject(i + 1, sql.parameters().get(i));
            }
            statement.setQueryTimeout(bounds.seconds());
            try (var result = statement.executeQuery()) {
                var seen = 0L;
                while (result.next()) {
                    if (++seen > bounds.rows()) {
                        throw new BoundExceededException("more than " + bounds.rows()
                                + " rows (expected: a narrower filter or time range, or a limit)");
                    }
                    if (!visitor.row(values(result))) {
                        return;
                    }
                }
            }
        } catch (SQLException e) {
            throw failure(e, bounds);
        }
    }

    // The engine's own words may hold our SQL: they are for the log, not for callers.
    private static StoreException failure(SQLException e, ReadBounds bounds) throws BoundExceededException {
        var text = String.valueOf(e.getMessage());
        if (Context.current().isCancelled()) {
            return new StoreException("question was given up", e);
        }
        if (text.contains("INTERRUPT") || text.contains("Interrupted") || e instanceof java.sql.SQLTimeoutException) {
            throw new BoundExceededException("more than " + bounds.seconds()
                    + " s of work (expected: a narrower time range, or a filter on proxy, host or code)");
        }
        if (text.contains("Out of Memory")) {
            throw new BoundExceededException(
                    "more memory than one question may use (expected: a narrower time range, or fewer groups)");
        }
        return new StoreException("question cannot be answered by the store", e);
    }

    private static List<Object> values(ResultSet result) throws SQLException {
        var columns = result.getMetaData().getColumnCount();
        var values = new ArrayList<>(columns);
        for (var i = 1; i <= columns; i++) {
            values.add(StoredValues.of(result.getObject(i)));
        }
        return values;
    }

    @Override
    public long bytes() {
        synchronized (days) {
            return attached.values().stream().mapToLong(DuckDay::bytes).sum();
        }
    }

    @Override
    public void close() throws StoreException {
        closing.shutdownNow();
        try {
            // A day that is being written is left to the next start.
            closing.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try {
            writer.close();
            connection.close();
        } catch (SQLException e) {
            throw new StoreException("store does not close: " + e.getMessage(), e);
        }
    }
}
