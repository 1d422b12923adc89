package io.sallyport.config.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

final class PostgresDialect implements Dialect {

    static final String CHANNEL = "sallyport_revision";

    private static final String UNIQUE_VIOLATION = "23505";
    private static final String DISK_FULL = "53100";
    private static final String DATA_CORRUPTED = "XX001";
    private static final String INDEX_CORRUPTED = "XX002";

    @Override
    public String bytesType() {
        return "bytea";
    }

    @Override
    public boolean isTaken(SQLException error) {
        return UNIQUE_VIOLATION.equals(error.getSQLState())
                || (error.getNextException() != null && isTaken(error.getNextException()));
    }

    @Override
    public boolean isDamage(SQLException error) {
        return DATA_CORRUPTED.equals(error.getSQLState()) || INDEX_CORRUPTED.equals(error.getSQLState());
    }

    @Override
    public String reason(SQLException error) {
        if (DISK_FULL.equals(error.getSQLState())) {
            return "disk full";
        }
        var message = String.valueOf(error.getMessage());
        return message.lines().findFirst().orElse("the database did not answer");
    }

    @Override
    public List<String> inspect(Connection connection) {
        // PostgreSQL checks its own pages when data checksums are on.
        return List.of();
    }

    @Override
    public void appended(Connection connection, long head) throws SQLException {
        try (var notify = connection.prepareStatement("select pg_notify(?, ?)")) {
            notify.setString(1, CHANNEL);
            notify.setString(2, Long.toString(head));
            notify.execute();
        }
    }
}
