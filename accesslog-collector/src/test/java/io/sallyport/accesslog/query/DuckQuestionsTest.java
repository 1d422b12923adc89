package io.sallyport.accesslog.query;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.testing.Rows;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class DuckQuestionsTest extends QuestionsContract {

    @TempDir
    Path folder;

    @Override
    LogStore open() throws Exception {
        return DuckStore.open(DuckSettings.local(folder), () -> Rows.START, KafkaSettings.TOPIC);
    }
}
