package io.sallyport.config.store;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.InstantSource;
import org.junit.jupiter.api.io.TempDir;

class SqliteRevisionStoreTest extends RevisionStoreContract {

    @TempDir
    Path folder;

    @Override
    RevisionStore open() throws Exception {
        return SqliteRevisionStore.open(folder.resolve("config.db"), InstantSource.system());
    }

    @Override
    Connection connection() throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("config.db"));
    }
}
