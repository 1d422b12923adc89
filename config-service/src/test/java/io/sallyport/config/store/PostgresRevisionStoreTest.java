package io.sallyport.config.store;

import io.sallyport.config.testing.PostgresProcess;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.BeforeEach;

class PostgresRevisionStoreTest extends RevisionStoreContract {

    private StoreSettings.Postgres database = new StoreSettings.Postgres("jdbc:postgresql:", "", "");

    @BeforeEach
    void create() throws SQLException {
        database = PostgresProcess.database();
    }

    @Override
    RevisionStore open() throws Exception {
        return PostgresRevisionStore.open(database.url(), database.user(), database.password());
    }

    @Override
    Connection connection() throws SQLException {
        return DriverManager.getConnection(database.url(), database.user(), database.password());
    }
}
