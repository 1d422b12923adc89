package io.sallyport.accesslog.query;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.storage.ClickHouseStore;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.accesslog.testing.TestClickHouse;

class ClickHouseQuestionsTest extends QuestionsContract {

    @Override
    LogStore open() throws Exception {
        return ClickHouseStore.open(TestClickHouse.database(), () -> Rows.START, KafkaSettings.TOPIC);
    }
}
