package io.sallyport.accesslog.storage;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/// The tables of a day's file, and how the file of an older Sallyport gets them.
final class DuckTables {

    /// How far each partition is stored.
    static final String OFFSETS = "topic_offsets";
    /// How far each spool is.
    static final String ORIGINS = "topic_origins";
    /// Which topics these are.
    static final String TOPICS = "topics";
    /// How far each partition is in the sums.
    static final String SUMMED = "sums_reach";

    private DuckTables() {}

    /// Makes what is missing, all at once or not at all.
    ///
    /// @param home the topic that rows are of which were stored when a file had one only
    static void prepare(Connection connection, String catalog, String home) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("BEGIN TRANSACTION");
            var isCommitted = false;
            try {
                prepare(statement, catalog, quoted(home));
                statement.execute("COMMIT");
                isCommitted = true;
            } finally {
                if (!isCommitted) {
                    statement.execute("ROLLBACK");
                }
            }
        }
    }

    private static void prepare(Statement statement, String catalog, String home) throws SQLException {
        var before = tables(statement, catalog);
        statement.execute("CREATE TABLE IF NOT EXISTS " + catalog + ".rows ("
                + Column.ALL.stream()
                        .map(column -> column.name() + " " + DuckDay.sqlType(column))
                        .collect(Collectors.joining(", "))
                + ", " + Column.TOPIC + " VARCHAR, " + Column.PARTITION + " INTEGER, " + Column.OFFSET + " BIGINT)");
        statement.execute("CREATE TABLE IF NOT EXISTS " + catalog + "." + OFFSETS
                + " (kafka_topic VARCHAR, kafka_partition INTEGER, next BIGINT,"
                + " PRIMARY KEY (kafka_topic, kafka_partition))");
        statement.execute("CREATE TABLE IF NOT EXISTS " + catalog + "." + ORIGINS
                + " (kafka_topic VARCHAR, spool BIGINT, kafka_partition INTEGER, attempt INTEGER, sequence BIGINT,"
                + " seen BIGINT, PRIMARY KEY (kafka_topic, spool, kafka_partition))");
        statement.execute("CREATE TABLE IF NOT EXISTS " + catalog + "." + TOPICS
                + " (kafka_topic VARCHAR PRIMARY KEY, cluster VARCHAR, id VARCHAR)");
        if (before.contains("rows") && !before.contains(OFFSETS)) {
            statement.execute(
                    "ALTER TABLE " + catalog + ".rows ADD COLUMN " + Column.TOPIC + " VARCHAR DEFAULT " + home);
        }
        move(statement, catalog, home, "offsets", OFFSETS, before);
        move(statement, catalog, home, "origins", ORIGINS, before);
        // A Sallyport of before would make its own table of offsets and store everything again. So it does not open.
        statement.execute("CREATE VIEW IF NOT EXISTS " + catalog + ".offsets AS SELECT 'see " + OFFSETS + "' AS next");
    }

    /// Makes the table of a file that has sums.
    static void summed(Statement statement, String catalog) throws SQLException {
        statement.execute("CREATE TABLE IF NOT EXISTS " + catalog + "." + SUMMED
                + " (kafka_topic VARCHAR, kafka_partition INTEGER, next BIGINT,"
                + " PRIMARY KEY (kafka_topic, kafka_partition))");
    }

    private static void move(
            Statement statement, String catalog, String home, String from, String to, Set<String> before)
            throws SQLException {
        if (before.contains(from)) {
            statement.execute(
                    "INSERT INTO " + catalog + "." + to + " SELECT " + home + ", * FROM " + catalog + "." + from);
            statement.execute("DROP TABLE " + catalog + "." + from);
        }
    }

    static Set<String> tables(Statement statement, String catalog) throws SQLException {
        var found = new HashSet<String>();
        try (var result = statement.executeQuery(
                "SELECT table_name FROM duckdb_tables() WHERE database_name = '" + catalog + "'")) {
            while (result.next()) {
                found.add(result.getString(1));
            }
        }
        return found;
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }
}
