package io.sallyport.config.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/// What differs between the databases that can hold the log.
interface Dialect {

    /// The column type for bytes.
    String bytesType();

    /// Whether the error says that a row of that key exists already.
    boolean isTaken(SQLException error);

    /// Whether the error says that the file is damaged, or that it is no longer known what it holds.
    boolean isDamage(SQLException error);

    /// The reason in a few words: `disk full`.
    String reason(SQLException error);

    /// What the database itself finds wrong with its files.
    List<String> inspect(Connection connection) throws SQLException;

    /// Called inside the transaction that appends, after everything was written.
    void appended(Connection connection, long head) throws SQLException;
}
