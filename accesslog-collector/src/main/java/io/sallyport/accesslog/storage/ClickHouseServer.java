package io.sallyport.accesslog.storage;

import com.clickhouse.client.api.ClickHouseException;
import com.clickhouse.client.api.Client;
import com.clickhouse.client.api.ClientFaultCause;
import com.clickhouse.client.api.ServerException;
import com.clickhouse.client.api.insert.InsertSettings;
import com.clickhouse.client.api.query.QueryResponse;
import com.clickhouse.client.api.query.QuerySettings;
import com.clickhouse.data.ClickHouseFormat;
import com.google.common.base.Throwables;
import io.grpc.Context;
import io.sallyport.accesslog.storage.LogStore.ReadBounds;
import io.sallyport.accesslog.storage.LogStore.RowVisitor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLException;

/// One ClickHouse, by its official client: statements, questions and batches, with failures in our words.
///
/// No message names more than the address: the client's own may hold our SQL, and never the password.
final class ClickHouseServer implements AutoCloseable {

    private static final int TIMEOUT_EXCEEDED = 159;
    private static final int MEMORY_LIMIT_EXCEEDED = 241;
    private static final int UNKNOWN_DATABASE = 81;
    private static final int STATEMENT_SECONDS = 120;
    private static final int GRACE_SECONDS = 10;
    private static final int MAX_CONNECTIONS = 8;
    private static final int CONNECT_MILLIS = 5_000;

    private final ClickHouseSettings settings;
    private final Client client;

    ClickHouseServer(ClickHouseSettings settings) {
        this.settings = settings;
        var builder = new Client.Builder()
                .addEndpoint(settings.url().toString())
                .setUsername(settings.user())
                .setPassword(settings.password())
                .setDefaultDatabase(settings.database())
                .setClientName("sallyport")
                .setConnectTimeout(CONNECT_MILLIS)
                .setMaxConnections(MAX_CONNECTIONS)
                // Who asks or stores tries again by himself, and knows what may be repeated.
                .retryOnFailures(ClientFaultCause.None)
                .compressServerResponse(false)
                .compressClientRequest(false);
        settings.authority().ifPresent(file -> builder.setRootCertificate(file.toString()));
        this.client = builder.build();
    }

    /// Makes the database if it is not there.
    void makeDatabase() throws StoreException {
        try {
            new Answer(get(client.query("SELECT 1", statement()))).close();
        } catch (ServerException e) {
            if (e.getCode() != UNKNOWN_DATABASE) {
                throw failure(e);
            }
            var made = statement().setDatabase("default");
            try {
                new Answer(get(client.query("CREATE DATABASE IF NOT EXISTS " + settings.database(), made))).close();
            } catch (ClickHouseException failed) {
                throw failure(failed);
            }
        } catch (ClickHouseException e) {
            throw failure(e);
        }
    }

    /// Runs a statement of ours that has no answer.
    void execute(String sql) throws StoreException {
        try {
            new Answer(get(client.query(sql, statement()))).close();
        } catch (ClickHouseException e) {
            throw failure(e);
        }
    }

    private static QuerySettings statement() {
        var statement = new QuerySettings().waitEndOfQuery(true);
        statement.setNetworkTimeout(STATEMENT_SECONDS, ChronoUnit.SECONDS);
        return statement;
    }

    /// Asks for rows.
    void read(String sql, List<Object> parameters, ReadBounds bounds, RowVisitor visitor)
            throws StoreException, BoundExceededException {
        try (var answer = ask(sql, parameters, bounds, ClickHouseFormat.RowBinaryWithNamesAndTypes)) {
            var reader = client.newBinaryFormatReader(answer.response());
            var columns = reader.getSchema().getColumns().size();
            var seen = 0L;
            while (reader.hasNext()) {
                reader.next();
                if (++seen > bounds.rows()) {
                    throw new BoundExceededException("more than " + bounds.rows()
                            + " rows (expected: a narrower filter or time range, or a limit)");
                }
                var values = new ArrayList<>(columns);
                for (var i = 1; i <= columns; i++) {
                    values.add(StoredValues.of(reader.readValue(i)));
                }
                if (!visitor.row(values)) {
                    return;
                }
            }
        } catch (ClickHouseException e) {
            throw failure(e, bounds);
        }
    }

    /// Asks for rows as a Parquet file.
    void parquet(String sql, List<Object> parameters, ReadBounds bounds, Path file)
            throws StoreException, BoundExceededException, IOException {
        try (var answer = ask(sql, parameters, bounds, ClickHouseFormat.Parquet)) {
            Files.copy(answer.response().getInputStream(), file, StandardCopyOption.REPLACE_EXISTING);
        } catch (ClickHouseException e) {
            throw failure(e, bounds);
        }
    }

    private Answer ask(String sql, List<Object> parameters, ReadBounds bounds, ClickHouseFormat format)
            throws StoreException {
        // A caller who has gone waits for none of the statements that are left.
        if (Context.current().isCancelled()) {
            throw new StoreException("question was given up");
        }
        var values = new HashMap<String, Object>();
        for (var i = 0; i < parameters.size(); i++) {
            values.put(ClickHouseDialect.name(i), escaped(String.valueOf(parameters.get(i))));
        }
        var question = new QuerySettings()
                .setFormat(format)
                .waitEndOfQuery(true)
                .setMaxExecutionTime(bounds.seconds())
                .serverSetting("max_memory_usage", String.valueOf((long) settings.memoryMegabytes() << 20))
                // A page of whole rows reads its columns last, and only of the rows that it shows.
                .serverSetting("query_plan_max_limit_for_lazy_materialization", "10000");
        question.setNetworkTimeout(bounds.seconds() + GRACE_SECONDS, ChronoUnit.SECONDS);
        return new Answer(get(client.query(sql, values, question)));
    }

    // A parameter's value is read as a field of tab-separated text.
    private static String escaped(String value) {
        var text = new StringBuilder(value.length());
        for (var i = 0; i < value.length(); i++) {
            var c = value.charAt(i);
            switch (c) {
                case '\\' -> text.append("\\\\");
                case '\t' -> text.append("\\t");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\0' -> text.append("\\0");
                default -> text.append(c);
            }
        }
        return text.toString();
    }

    /// Stores a batch as one part of its table, so whole or not at all. A token that was seen before stores
    /// nothing.
    void insert(String table, List<String> columns, byte[] rows, String token) throws StoreException {
        var batch = new InsertSettings()
                .setDeduplicationToken(token)
                .serverSetting("insert_deduplicate", "1")
                .serverSetting("async_insert", "0")
                // One block: each of several would be stored, and known by its token, by itself.
                .serverSetting("max_insert_threads", "1")
                .serverSetting("max_insert_block_size", "1048576")
                .serverSetting("min_insert_block_size_rows", "1048576")
                .serverSetting("min_insert_block_size_bytes", "1073741824")
                .serverSetting("max_execution_time", String.valueOf(STATEMENT_SECONDS));
        batch.setNetworkTimeout(STATEMENT_SECONDS + GRACE_SECONDS, ChronoUnit.SECONDS);
        try (var _ =
                get(client.insert(table, columns, new ByteArrayInputStream(rows), ClickHouseFormat.RowBinary, batch))) {
            // Stored when it answers.
        } catch (ClickHouseException e) {
            throw failure(e);
        }
    }

    private static <T> T get(CompletableFuture<T> answer) throws StoreException {
        try {
            return answer.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ClickHouseException failure) {
                throw failure;
            }
            throw new StoreException("ClickHouse's client failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("question was given up", e);
        }
    }

    /// An answer, whose end is a failure of the store like any other.
    private record Answer(QueryResponse response) implements AutoCloseable {

        @Override
        public void close() throws StoreException {
            try {
                response.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StoreException("question was given up", e);
            } catch (Exception e) {
                // It declares no less.
                throw new StoreException("ClickHouse's answer has no end", e);
            }
        }
    }

    private StoreException failure(ClickHouseException e, ReadBounds bounds) throws BoundExceededException {
        if (e instanceof ServerException server) {
            if (server.getCode() == TIMEOUT_EXCEEDED) {
                throw new BoundExceededException("more than " + bounds.seconds()
                        + " s of work (expected: a narrower time range, or a filter on proxy, host or code)");
            }
            if (server.getCode() == MEMORY_LIMIT_EXCEEDED) {
                throw new BoundExceededException(
                        "more memory than one question may use (expected: a narrower time range, or fewer groups)");
            }
            return new StoreException("question cannot be answered by the store", e);
        }
        return failure(e);
    }

    private StoreException failure(ClickHouseException e) {
        var what = e instanceof ServerException server ? "answers with its error " + server.getCode() : silence(e);
        return new StoreException(
                "ClickHouse at " + settings.url() + ", database \"" + settings.database() + "\", " + what, e);
    }

    private static String silence(ClickHouseException e) {
        if (Throwables.getCausalChain(e).stream().noneMatch(SSLException.class::isInstance)) {
            return "does not answer";
        }
        return "fails in the TLS handshake: " + Throwables.getRootCause(e).getMessage()
                + " (expected: a server that speaks TLS, whose certificate names the host and comes from an authority"
                + " that is trusted)";
    }

    @Override
    public void close() {
        client.close();
    }
}
